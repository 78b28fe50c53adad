import { expect, test } from 'vitest';
import { decideAdmission, type Decision } from '../../src/ledger/admission';
import { pause, pauseAt, readPauses, resume } from '../../src/ledger/pauses';
import {
  ALL_WORKLOADS,
  OPEN_ADMISSION,
  type ActiveRow,
  type AdmissionControl,
  type Pause,
} from '../../src/ledger/rows';
import type { Occurrence } from '../../src/run/run';
import { MemoryTable } from '../memory-table';
import { activeRow, newOccurrence } from './given';

const at = (hour: number, minute = 0) =>
  new Date(Date.UTC(2026, 10, 30, hour, minute)).toISOString();

const paused = (since: string, until: string | null = null): Pause => ({
  since,
  until,
  by: 'ops',
  reason: 'the source moves',
});

const blob: Occurrence = { kind: 'blob', container: 'inbox', name: 'a', etag: 'e' };

function rowOf(
  occurrence: Occurrence,
  instant: string,
  changed: Partial<ActiveRow> = {},
): ActiveRow {
  const known = newOccurrence({ instant }, occurrence);
  return activeRow({ knownAt: instant, startBy: at(23), ...changed }, known);
}

function decide(
  row: ActiveRow,
  pauses: AdmissionControl['pauses'],
  now: string,
): Decision | undefined {
  const [decision] = decideAdmission({
    rows: [row],
    control: { ...OPEN_ADMISSION, ...(pauses !== undefined && { pauses }) },
    policyOf: () => ({
      overlap: 'allow',
      maxActiveRuns: 100,
      deadlineMinutes: 60,
      startWithinMinutes: 60,
      whenNotSucceeded: 'skip',
    }),
    limits: {
      maxActiveRuns: 100,
      maxStartsPerMinute: 100,
      monthlyNodeMinutes: null,
      monthlyCost: null,
    },
    spent: { nodeMinutes: 0, cost: 0 },
    predecessors: new Map(),
    now,
  });
  return decision;
}

const kindOf = (decision: Decision | undefined) =>
  decision === undefined || decision.kind === 'start' || decision.kind === 'cancel'
    ? decision?.kind
    : `${decision.kind} ${decision.reason.kind} ${decision.reason.code}`;

test('a due time in a pause is skipped, also when it is found after the pause', () => {
  const row = rowOf({ kind: 'schedule', due: at(2) }, at(2));
  const pauses = { report: paused(at(1), at(3)) };

  expect(decide(row, pauses, at(2))).toEqual({
    kind: 'end',
    runId: row.runId,
    reason: {
      kind: 'skipped',
      code: 'paused',
      cause: `report was paused by ops at ${at(1)}, until ${at(3)}: the source moves`,
    },
  });
  expect(kindOf(decide(row, pauses, at(5)))).toBe('end skipped paused');
});

test('a due time before the pause waits for its end when it had not started', () => {
  const row = rowOf({ kind: 'schedule', due: at(2) }, at(2));
  const pauses = { report: paused(at(2, 30), at(4)) };

  expect(kindOf(decide(row, pauses, at(3)))).toBe('wait waiting paused');
  expect(kindOf(decide(row, pauses, at(4)))).toBe('start');
});

test.each([
  ['a blob', blob],
  ['a follow-up', { kind: 'after', runId: 'other-20261130t010000-0123456789' }],
] as const)('%s waits for the end of the pause', (_, occurrence) => {
  const row = rowOf(occurrence, at(2));

  expect(kindOf(decide(row, { report: paused(at(1)) }, at(2)))).toBe('wait waiting paused');
  expect(kindOf(decide(row, { report: paused(at(1), at(6)) }, at(6)))).toBe('start');
});

test('the start window stops during a pause', () => {
  const row = rowOf(blob, at(2), { startBy: at(3) });
  const pauses = { report: paused(at(2, 30), at(8)) };

  expect(kindOf(decide(row, pauses, at(7)))).toBe('wait waiting paused');
  expect(kindOf(decide(row, pauses, at(8, 30)))).toBe('start');
  expect(kindOf(decide(row, pauses, at(8, 31)))).toBe('end missed startWindowEnded');
});

test('a start by hand, another attempt and a run of a backfill run during a pause', () => {
  const pauses = { report: paused(at(1)) };
  const due = { kind: 'schedule', due: at(2) } as const;

  expect(kindOf(decide(rowOf({ kind: 'request', key: 'k' }, at(2)), pauses, at(2)))).toBe('start');
  expect(kindOf(decide(rowOf(due, at(2), { attempt: 1 }), pauses, at(2)))).toBe('start');
  const backfill = { id: 'report-0123456789', createdAt: at(2) };
  expect(kindOf(decide(rowOf(due, at(2), { backfill }), pauses, at(2)))).toBe('start');
});

test('a pause of all holds for every workload, and that of one for no other', () => {
  const row = rowOf(blob, at(2));

  expect(kindOf(decide(row, { [ALL_WORKLOADS]: paused(at(1)) }, at(2)))).toBe(
    'wait waiting paused',
  );
  expect(kindOf(decide(row, { other: paused(at(1)) }, at(2)))).toBe('start');
});

test('a pause is in the ledger until it is resumed, and one that is repeated keeps its start', async () => {
  const table = new MemoryTable();
  await pause(table, 'report', paused(at(1)));
  await pause(table, 'report', { ...paused(at(2)), reason: 'still' });
  await pause(table, ALL_WORKLOADS, paused(at(2), at(3)));

  const pauses = await readPauses(table);
  expect(pauseAt(pauses, 'report', at(5))).toEqual({ ...paused(at(1)), reason: 'still' });
  expect(pauseAt(pauses, 'other', at(2))).toEqual(paused(at(2), at(3)));
  expect(pauseAt(pauses, 'other', at(3))).toBeNull();

  expect(await resume(table, 'report', at(6))).toBe(true);
  expect(await resume(table, 'report', at(7))).toBe(false);
  expect(await resume(table, 'other', at(7))).toBe(false);
  expect(pauseAt(await readPauses(table), 'report', at(6))).toBeNull();
});
