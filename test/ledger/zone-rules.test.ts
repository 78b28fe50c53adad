import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { idOf, newOccurrence } from './given';
import { MemoryTable } from '../memory-table';

/**
 * Rules of a zone that change between two deployments, as those of São Paulo did in 2019: until then its
 * clocks were two hours behind UTC in summer, since then three. A deployment loads the app anew, with the
 * zone data of its runtime.
 */

const ZONE = 'America/Sao_Paulo';
/** POSIX signs: zones that are two and three hours behind UTC all year. */
const [TWO_BEHIND, THREE_BEHIND] = ['Etc/GMT+2', 'Etc/GMT+3'];
const RealFormat = Intl.DateTimeFormat;

beforeEach(() => {
  vi.resetModules();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** The schedules of the ledger, loaded while the zone has the rules of another one. */
async function deployment(rules: string, table: MemoryTable) {
  vi.resetModules();
  class Format extends RealFormat {
    constructor(locale: string, options: Intl.DateTimeFormatOptions) {
      super(locale, options.timeZone === ZONE ? { ...options, timeZone: rules } : options);
    }
  }
  vi.stubGlobal('Intl', { DateTimeFormat: Format });
  const { cameBefore, settleSchedule } = await import('../../src/ledger/schedules.js');
  const [run, missed]: [string[], string[]] = [[], []];
  const runIdOfDue = (_: string, due: string) => idOf(newOccurrence({ instant: due }));
  const context = {
    table,
    runIdOfDue,
    registerDue: async (_: unknown, due: string) => void run.push(due),
    recordMissed: async (_: unknown, due: string) => void missed.push(due),
  };
  return {
    pass: async (cron: string, now: string) => {
      run.length = 0;
      await settleSchedule(context, scheduleOf(cron), new Date(now));
      return [...run, ...missed.map((due) => `missed ${due}`)];
    },
    cameBefore: (due: string) => cameBefore(table, scheduleOf('0 0 2 * * *'), due, new Date(due)),
  };
}

function scheduleOf(cron: string) {
  return { workload: 'report', index: 0, cron, timeZone: ZONE, catchUp: 'last' } as const;
}

test('a local time that was due under the old rules of a zone is not due again under new ones', async () => {
  const table = new MemoryTable();
  const before = await deployment(TWO_BEHIND, table);
  await before.pass('0 0 2 * * *', '2026-12-01T03:55:00.000Z');
  const old = await before.pass('0 0 2 * * *', '2026-12-01T04:05:00.000Z');

  const after = await deployment(THREE_BEHIND, table);
  const fired = await after.cameBefore('2026-12-01T05:00:00.000Z');
  const first = await after.pass('0 0 2 * * *', '2026-12-01T04:30:00.000Z');
  const second = await after.pass('0 0 2 * * *', '2026-12-01T05:01:00.000Z');
  const firedLater = await after.cameBefore('2026-12-01T05:00:00.000Z');
  const nextDay = await after.pass('0 0 2 * * *', '2026-12-02T05:00:00.000Z');

  expect(old).toEqual(['2026-12-01T04:00:00.000Z']);
  expect([first, second, fired, firedLater]).toEqual([[], [], true, true]);
  expect(nextDay).toEqual(['2026-12-02T05:00:00.000Z']);
  expect(await after.cameBefore('2026-12-02T05:00:00.000Z')).toBe(false);
});

test('a local time that was still to come under the old rules of a zone is due under new ones', async () => {
  const table = new MemoryTable();
  const before = await deployment(THREE_BEHIND, table);
  await before.pass('0 0 2 * * *', '2026-12-01T03:00:00.000Z');
  const old = await before.pass('0 0 2 * * *', '2026-12-01T04:30:00.000Z');

  const after = await deployment(TWO_BEHIND, table);
  const first = await after.pass('0 0 2 * * *', '2026-12-01T04:33:00.000Z');

  expect(old).toEqual([]);
  expect(first).toEqual(['2026-12-01T04:00:00.000Z']);
});

test('a schedule of intervals follows real time, whatever the rules of its zone', async () => {
  const table = new MemoryTable();
  const before = await deployment(TWO_BEHIND, table);
  await before.pass('0 0 * * * *', '2026-12-01T03:30:00.000Z');

  const after = await deployment(THREE_BEHIND, table);
  const hours = [
    await after.pass('0 0 * * * *', '2026-12-01T04:01:00.000Z'),
    await after.pass('0 0 * * * *', '2026-12-01T05:01:00.000Z'),
  ];

  expect(hours).toEqual([['2026-12-01T04:00:00.000Z'], ['2026-12-01T05:00:00.000Z']]);
});

test('a row of a version that kept no offset is read as it is', async () => {
  const table = new MemoryTable();
  const row = { cron: '0 0 2 * * *', timeZone: ZONE, through: '2026-12-01T04:30:00.000Z' };
  await table.write('workload', [{ kind: 'insert', key: 'report', value: row }]);

  const after = await deployment(THREE_BEHIND, table);

  expect(await after.pass('0 0 2 * * *', '2026-12-01T05:01:00.000Z')).toEqual([
    '2026-12-01T05:00:00.000Z',
  ]);
});
