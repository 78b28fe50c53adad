import { expect, test } from 'vitest';
import type { CatchUp } from '../../src/ledger/due-times';
import { finish } from '../../src/ledger/finish';
import { readOccurrence, register } from '../../src/ledger/ledger';
import {
  forgetSchedules,
  settleSchedule,
  startByOf,
  type DeclaredSchedule,
  type ScheduleContext,
} from '../../src/ledger/schedules';
import type { Table } from '../../src/ledger/table';
import { MemoryTable } from '../memory-table';
import { seeded } from '../seeded';
import { idOf, newOccurrence, occurrenceRow, Turns } from './given';

const HOURLY = '0 0 * * * *';
const START = '2026-11-30T00:30:00.000Z';

function declared(cron = HOURLY, catchUp: CatchUp = 'all', timeZone = 'UTC'): DeclaredSchedule {
  return { workload: 'report', index: 0, cron, timeZone, catchUp };
}

interface Settling extends ScheduleContext {
  readonly run: string[];
  readonly missed: string[];
}

/** Due times that were registered or recorded for the first time. */
function settling(table: Table): Settling {
  const [run, missed]: [string[], string[]] = [[], []];
  const of = (due: string) => newOccurrence({ instant: due });
  return {
    table,
    run,
    missed,
    runIdOfDue: (_, due) => idOf(of(due)),
    registerDue: async (_, due) => {
      if ((await register(table, of(due), due)).isNew) run.push(due);
    },
    recordMissed: async (_, due, cause) => {
      if ((await readOccurrence(table, idOf(of(due)))) !== null) return;
      const ending = { state: 'missed', startedAt: null, endedAt: due, code: null, cause } as const;
      const row = occurrenceRow({}, of(due));
      const ended = await finish(table, row, { ...ending, nodeMinutes: 0, cost: null });
      if (ended === 'finished') missed.push(due);
    },
  };
}

function settle(context: Settling, schedule: DeclaredSchedule, now: string) {
  return settleSchedule(context, schedule, new Date(now));
}

async function begun(schedule = declared()): Promise<{ table: MemoryTable; context: Settling }> {
  const table = new MemoryTable();
  const context = settling(table);
  await settle(context, schedule, START);
  return { table, context };
}

const due = (hour: number) => new Date(Date.UTC(2026, 10, 30, hour)).toISOString();

test('a schedule that is seen for the first time counts from then on', async () => {
  const { table, context } = await begun();

  expect([context.run, context.missed]).toEqual([[], []]);
  expect(table.values('workload')).toEqual({
    report: {
      cron: HOURLY,
      timeZone: 'UTC',
      through: '2026-11-30T00:30:02.000Z',
      offsetMinutes: 0,
    },
  });
});

test('a due time that a timer’s host fires two seconds early is settled', async () => {
  const { context } = await begun();

  expect(await settle(context, declared(), '2026-11-30T00:59:57.999Z')).toEqual({
    registered: 0,
    missed: 0,
  });
  expect(await settle(context, declared(), '2026-11-30T00:59:58.000Z')).toEqual({
    registered: 1,
    missed: 0,
  });
  expect(await settle(context, declared(), '2026-11-30T01:05:00.000Z')).toEqual({
    registered: 0,
    missed: 0,
  });
  expect(context.run).toEqual([due(1)]);
});

test.each([
  ['none', [], [due(1), due(2), due(3)]],
  ['last', [due(3)], [due(1), due(2)]],
  ['all', [due(1), due(2), due(3)], []],
] as const)('after an outage, catch-up %s', async (catchUp, run, missed) => {
  const { context } = await begun(declared(HOURLY, catchUp));

  await settle(context, declared(HOURLY, catchUp), '2026-11-30T03:30:00.000Z');

  expect([context.run, context.missed]).toEqual([run, missed]);
});

test.each(['none', 'last'] as const)(
  'a due time whose timer is lost while the app is up runs, also with catch-up %s',
  async (catchUp) => {
    const minutely = declared('0 * * * * *', catchUp);
    const { context } = await begun(minutely);

    await settle(context, minutely, '2026-11-30T00:35:00.000Z');

    expect(context.run.map((at) => at.slice(14, 16))).toEqual(['31', '32', '33', '34', '35']);
    expect(context.missed).toEqual([]);
  },
);

test('what a timer has registered in time was not missed', async () => {
  const { context } = await begun(declared(HOURLY, 'none'));
  await context.registerDue(declared(), due(1));

  const settled = await settle(context, declared(HOURLY, 'none'), '2026-11-30T02:30:00.000Z');

  expect([settled, context.missed]).toEqual([{ registered: 0, missed: 1 }, [due(2)]]);
});

test('one pass settles at most 500 due times, and the next ones the rest', async () => {
  const { table, context } = await begun(declared('0 * * * * *'));
  const now = '2026-11-30T18:00:00.000Z';
  const settled: number[] = [];
  for (let pass = 0; pass < 4; pass++) {
    settled.push((await settle(context, declared('0 * * * * *'), now)).registered);
  }

  expect(settled).toEqual([500, 500, 50, 0]);
  expect([context.run.length, new Set(context.run).size]).toEqual([1050, 1050]);
  expect(table.values('workload')).toMatchObject({
    report: { through: '2026-11-30T18:00:02.000Z' },
  });
});

test.each([
  ['2026-11-30T18:00:00.000Z', 1050],
  ['2026-11-30T17:10:00.000Z', 1000],
  ['2026-11-30T08:50:00.000Z', 500],
])('catch-up of the last due time makes up one, over several passes: %s', async (now, count) => {
  const schedule = declared('0 * * * * *', 'last');
  const { context } = await begun(schedule);
  for (let pass = 0; pass < 4; pass++) await settle(context, schedule, now);

  expect(context.run).toEqual([now]);
  expect(context.missed.length).toBe(count - 1);
});

test('a changed schedule counts from then on, after the one before it is settled', async () => {
  const { table, context } = await begun();
  const changed = declared('0 15 * * * *', 'all', 'Europe/Berlin');

  await settle(context, changed, '2026-11-30T02:30:00.000Z');
  expect(context.run).toEqual([due(1), due(2)]);
  expect(table.values('workload')).toEqual({
    report: {
      cron: '0 15 * * * *',
      timeZone: 'Europe/Berlin',
      through: '2026-11-30T02:30:02.000Z',
      offsetMinutes: 60,
    },
  });
  await settle(context, changed, '2026-11-30T03:30:00.000Z');
  expect(context.run).toEqual([due(1), due(2), '2026-11-30T03:15:00.000Z']);
});

test('a host whose clock is behind does not set a schedule back', async () => {
  const { table, context } = await begun();
  await settle(context, declared(), '2026-11-30T02:30:00.000Z');
  const before = table.values('workload');

  await settle(context, declared(), '2026-11-30T01:30:00.000Z');

  expect(table.values('workload')).toEqual(before);
});

test('a pass that is stopped in the middle is repeated by the next', async () => {
  const { context } = await begun();
  let registered = 0;
  const stopped = {
    ...context,
    registerDue: async (schedule: DeclaredSchedule, at: string) => {
      if (registered++ === 2) throw new Error('stopped');
      await context.registerDue(schedule, at);
    },
  };

  await expect(settle(stopped, declared(), '2026-11-30T04:30:00.000Z')).rejects.toThrow('stopped');
  await settle(context, declared(), '2026-11-30T04:30:00.000Z');
  expect(context.run).toEqual([due(1), due(2), due(3), due(4)]);
});

test.each(['none', 'last', 'all'] as const)(
  'passes at once settle each due time once: catch-up %s',
  async (catchUp) => {
    for (let seed = 1; seed <= 50; seed++) {
      const { table } = await begun(declared(HOURLY, catchUp));
      const turns = new Turns(seeded(seed));
      const hosts = [1, 2, 3].map(() => settling(turns.table(table)));
      const now = '2026-11-30T04:30:00.000Z';
      await turns.run(hosts.map((host) => settle(host, declared(HOURLY, catchUp), now)));

      const all = hosts.flatMap(({ run, missed }) => [...run, ...missed]);
      expect([...all].sort()).toEqual([due(1), due(2), due(3), due(4)]);
      expect(table.values('workload')).toMatchObject({
        report: { through: '2026-11-30T04:30:02.000Z' },
      });
    }
  },
);

test('each schedule of a workload has its row, and the rows of those that are gone are deleted', async () => {
  const { table, context } = await begun();
  const second = { ...declared('0 30 * * * *'), index: 1 };
  await settle(context, second, START);
  await table.write('workload', [{ kind: 'insert', key: 'report!inventory', value: {} }]);

  expect(await forgetSchedules(table, [declared(), second])).toBe(0);
  expect(await forgetSchedules(table, [declared()])).toBe(1);
  expect(Object.keys(table.values('workload'))).toEqual(['report', 'report!inventory']);
});

test('no due time of the past appears by a schedule that returns', async () => {
  const { table, context } = await begun();
  await forgetSchedules(table, []);
  await settle(context, declared(), '2026-11-30T03:30:00.000Z');
  await settle(context, declared(), '2026-11-30T04:30:00.000Z');

  expect([context.run, context.missed]).toEqual([[due(4)], []]);
});

test('a delayed due time is settled when its delay is over', async () => {
  const schedule = { ...declared(), delayMinutes: 10 };
  const { context } = await begun(schedule);

  await settle(context, schedule, '2026-11-30T01:05:00.000Z');
  expect(context.run).toEqual([]);
  await settle(context, schedule, '2026-11-30T01:10:00.000Z');
  expect(context.run).toEqual([due(1)]);
});

test('the start window of a schedule counts from the due time and its delay', () => {
  const schedule = { ...declared(), startWithinMinutes: 30 };

  expect(startByOf(schedule, due(1))).toEqual({ startBy: '2026-11-30T01:30:00.000Z' });
  expect(startByOf({ ...schedule, delayMinutes: 5 }, due(1))).toEqual({
    startBy: '2026-11-30T01:35:00.000Z',
  });
  expect(startByOf(declared(), due(1))).toEqual({});
});
