import { expect, test } from 'vitest';
import {
  followUpsOf,
  isDueFor,
  nextCommonDueTime,
  predecessorsIn,
  type Declared,
} from '../../src/ledger/predecessors';
import { commonDueWarnings } from '../../src/ledger/schedule-warnings';
import type { OccurrenceRow } from '../../src/ledger/rows';
import { checkWorkloads } from '../../src/workload/check-workloads';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { whole } from '../run/given';
import { declaredSchedules } from '../run/stage';
import { newOccurrence, occurrenceRow } from './given';

const DUE = '2026-12-01T01:00:00.000Z';

function declared(triggers: Readonly<Record<string, WorkloadDeclaration['triggers']>>): Declared {
  const workloads = checkWorkloads(
    Object.entries(triggers).map(([name, of]) => ({ ...whole, name, triggers: of ?? {} })),
  );
  return { workloads, schedules: declaredSchedules(workloads) };
}

/** `sum` waits for two, `mail` for it and one more. */
const chain = declared({
  sales: { schedule: { cron: '0 0 2 * * *', timeZone: 'Europe/Berlin' } },
  stock: { schedule: '0 0 * * * *' },
  rates: { schedule: '0 0 1 * * MON' },
  sum: { after: { all: ['sales', 'stock'] } },
  mail: { after: { all: ['sum', 'stock'] } },
  weekly: { after: { all: ['sum', 'rates'] } },
});

test('a workload that waits for several is due where all of them are, in whatever zone', () => {
  const due = Object.keys({ sales: 0, stock: 0, sum: 0, mail: 0, weekly: 0 }).filter((name) =>
    isDueFor(chain, name, DUE),
  );

  // 02:00 in Berlin is 01:00 in UTC; the first of December is a Tuesday.
  expect(due).toEqual(['sales', 'stock', 'sum', 'mail']);
  expect(isDueFor(chain, 'sum', '2026-12-01T02:00:00.000Z')).toBe(false);
  expect(isDueFor(chain, 'weekly', '2026-12-07T01:00:00.000Z')).toBe(true);
  expect(isDueFor(chain, 'unknown', DUE)).toBe(false);
});

test('with a due time all occurrences become known that wait for it, also over others', () => {
  const followUp = (workload: string, workloads: readonly string[]) => ({
    workload,
    occurrence: { kind: 'afterAll', due: DUE, timeZone: 'Europe/Berlin', workloads, runs: {} },
  });

  expect(followUpsOf(chain, 'sales', DUE, 'Europe/Berlin')).toEqual([
    followUp('sum', ['sales', 'stock']),
    followUp('mail', ['sum', 'stock']),
  ]);
  expect(followUpsOf(chain, 'stock', '2026-12-01T02:00:00.000Z', 'UTC')).toEqual([]);
  expect(followUpsOf(chain, 'mail', DUE, 'UTC')).toEqual([]);
});

test('the next due time in common is that of all schedules below, and null where there is none', () => {
  const never = declared({
    even: { schedule: '0 0 */2 * * *' },
    odd: { schedule: '0 30 * * * *' },
    both: { after: { all: ['even', 'odd'] } },
  });

  expect(nextCommonDueTime(chain, 'sum', DUE)).toBe('2026-12-02T01:00:00.000Z');
  expect(nextCommonDueTime(chain, 'weekly', DUE)).toBe('2026-12-07T01:00:00.000Z');
  expect(nextCommonDueTime(never, 'both', DUE)).toBeNull();
  expect(commonDueWarnings(never, 'both', new Date(DUE))).toEqual([
    'even and odd have no due time in common within a year, so no run of both will start by itself; a due time is an instant, so that schedules of different hours or zones differ',
  ]);
  expect(commonDueWarnings(chain, 'sum', new Date(DUE))).toEqual([]);
});

function row(workload: string, changed: Partial<OccurrenceRow> = {}): OccurrenceRow {
  const { attempt = 0 } = changed;
  const occurrence = { kind: 'schedule', due: DUE } as const;
  return occurrenceRow(changed, newOccurrence({ instant: DUE, attempt }, occurrence, workload));
}

const ended = (state: OccurrenceRow['state'], minutes: number) => ({
  state,
  endedAt: `2026-12-01T01:${minutes}:00.000Z`,
});

test('an occurrence waits for the first of its workloads that has no row or has not ended', () => {
  const waiting = (workload: string) => ({
    kind: 'waiting',
    cause: `the run of ${workload} for ${DUE} has not ended`,
  });
  const workloads = ['sales', 'stock'];

  expect(predecessorsIn([], workloads, DUE)).toEqual(waiting('sales'));
  expect(predecessorsIn([row('sales', ended('failed', 10))], workloads, DUE)).toEqual(
    waiting('stock'),
  );
  expect(
    predecessorsIn([row('sales', ended('succeeded', 10)), row('stock')], workloads, DUE),
  ).toEqual(waiting('stock'));
});

test('the last attempt of each workload counts, and none of a run by hand at the same instant', () => {
  const byHand = { kind: 'request', key: 'a' } as const;
  const rows = [
    row('sales', ended('failed', 10)),
    row('sales', { attempt: 1, ...ended('succeeded', 40) }),
    row('stock', ended('missed', 20)),
    row('stock', { occurrence: byHand, attempt: 3 }),
    row('rates', ended('succeeded', 30)),
  ];
  const [, retry, missed, , rates] = rows.map(({ runId }) => runId);

  expect(predecessorsIn(rows, ['sales', 'stock', 'rates'], DUE)).toEqual({
    kind: 'ended',
    at: '2026-12-01T01:40:00.000Z',
    runs: { sales: retry, rates },
    others: [`run ${missed} of stock was missed`],
  });
});
