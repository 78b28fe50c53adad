import { expect, test } from 'vitest';
import type { Predecessors } from '../../src/ledger/predecessors';
import { OPEN_ADMISSION, type ActiveRow, type Reason } from '../../src/ledger/rows';
import { decide, outline, row, running, skip, start, wait } from './deciding';
import { NOW } from './given';

test('a waiting occurrence starts with a deadline counted from its start', () => {
  const [known, queued] = [row(1), row(2, { state: 'queued' })];

  expect(decide([known, queued])).toEqual([start(known), start(queued)]);
});

test('nothing is decided for what is starting, running or ending', () => {
  const rows = (['starting', 'running', 'ending'] as const).map((state, hour) =>
    row(hour, { state }),
  );

  expect(decide(rows, { policy: { overlap: 'replace' } })).toEqual([]);
});

test('forbid skips an occurrence while another run of the workload is active', () => {
  const [active, one, other] = [row(1, running), row(2), row(2, {}, 'render')];

  expect(decide([active, one, other], { policy: { overlap: 'forbid' } })).toEqual([
    start(other),
    skip(one, `run ${active.runId} of report was active`),
  ]);
});

test('a due time that is made up after an outage waits ten minutes for a run that may have ended in it', () => {
  const active = row(1, running);
  const just = row(0, { knownAt: '2026-11-30T01:50:05.001Z' });
  const long = row(0, { knownAt: '2026-11-30T01:50:05.000Z' });
  const policy = { overlap: 'forbid' } as const;

  expect(decide([active, just], { policy })).toEqual([
    wait(just, 'overlapped', `run ${active.runId} of report is active`),
  ]);
  expect(decide([active, long], { policy })).toEqual([
    skip(long, `run ${active.runId} of report was active`),
  ]);
});

test('forbid starts the first of two that wait and skips the second', () => {
  const [one, two] = [row(1), row(2)];

  expect(decide([two, one], { policy: { overlap: 'forbid' } })).toEqual([
    start(one),
    skip(two, `run ${one.runId} of report was active`),
  ]);
});

test('a retry waits where forbid would skip it, and makes no fresh occurrence skip', () => {
  const [retry, fresh] = [row(1, { attempt: 1 }), row(2)];
  const [activeRetry, activeFresh] = [row(1, { attempt: 1, ...running }), row(2, running)];
  const policy = { overlap: 'forbid' } as const;

  expect(decide([activeFresh, retry], { policy })).toEqual([
    wait(retry, 'overlapped', `run ${activeFresh.runId} of report is active`),
  ]);
  expect(decide([activeRetry, fresh], { policy })).toEqual([
    wait(fresh, 'overlapped', `run ${activeRetry.runId} of report is active`),
  ]);
});

test('queue lets one run after the other, the oldest instant first', () => {
  const [one, two] = [row(1), row(2)];
  const policy = { overlap: 'queue' } as const;

  expect(decide([two, one], { policy })).toEqual([
    start(one),
    wait(two, 'overlapped', `run ${one.runId} of report is active`),
  ]);
  expect(decide([two, row(1, running)], { policy })).toEqual([
    wait(two, 'overlapped', `run ${one.runId} of report is active`),
  ]);
});

test('replace cancels the active run, keeps the newest that waits and skips the others', () => {
  const [active, old, newest] = [row(1, running), row(2), row(3)];
  const policy = { overlap: 'replace' } as const;

  expect(decide([active, old, newest], { policy })).toEqual([
    skip(old, `run ${newest.runId} is newer and replaces it`),
    { kind: 'cancel', runId: active.runId, by: newest.runId },
    wait(newest, 'overlapped', `run ${active.runId}, which this run replaces, is ending`),
  ]);
  expect(decide([newest, old], { policy })).toEqual([
    skip(old, `run ${newest.runId} is newer and replaces it`),
    start(newest),
  ]);
});

test('a due time that is registered late does not replace an active run of a newer one', () => {
  const [late, active] = [row(1), row(2, running)];

  expect(decide([late, active], { policy: { overlap: 'replace' } })).toEqual([
    skip(late, `run ${active.runId} is newer and replaces it`),
  ]);
});

test('replace does not cancel again what is cancelled already', () => {
  const cancel = { at: NOW, by: 'a person' };
  const [active, waiting] = [row(1, { ...running, cancel }), row(2)];

  expect(decide([active, waiting], { policy: { overlap: 'replace' } })).toEqual([
    wait(waiting, 'overlapped', `run ${active.runId}, which this run replaces, is ending`),
  ]);
});

test('replace waits for a run that the reconciler is ending, and does not cancel it', () => {
  const [ending, waiting] = [row(1, { ...running, state: 'ending' }), row(2)];

  expect(decide([ending, waiting], { policy: { overlap: 'replace' } })).toEqual([
    wait(waiting, 'overlapped', `run ${ending.runId}, which this run replaces, is ending`),
  ]);
});

test.each([{ cancel: { at: NOW, by: 'a person' } }, { startBy: '2026-11-30T02:00:04.999Z' }])(
  'a newer occurrence that cannot start replaces none: %j',
  (ended) => {
    const [old, newest] = [row(1), row(2, ended)];
    const decisions = decide([old, newest], { policy: { overlap: 'replace' } });

    expect(decisions[0]).toEqual(start(old));
    expect(decisions[1]).toMatchObject({ kind: 'end', runId: newest.runId });
  },
);

test('allow starts all, up to the bound of the workload', () => {
  const rows = [row(1, running), row(2), row(3)];
  const decisions = decide(rows, { policy: { maxActiveRuns: 2 } });

  expect(decisions).toEqual([
    start(row(2)),
    wait(row(3), 'tooManyRuns', '2 runs of report are active'),
  ]);
});

test('a run that the reconciler is ending still counts as active', () => {
  const [ending, waiting] = [row(1, { ...running, state: 'ending' }), row(2)];
  const skipped = row(1, { state: 'ending', deadline: null });

  expect(decide([ending, waiting], { policy: { overlap: 'queue' } })).toEqual([
    wait(waiting, 'overlapped', `run ${ending.runId} of report is active`),
  ]);
  expect(decide([skipped, waiting], { policy: { overlap: 'queue' } })).toEqual([start(waiting)]);
});

test('priority goes first, and each hour of waiting counts as one level more', () => {
  const low = row(1, { priority: 0 });
  const high = row(2, { priority: 2 }, 'render');
  const aged = row(3, { priority: 0, knownAt: '2026-11-29T23:00:05.000Z' }, 'sweep');
  const almost = row(4, { priority: 0, knownAt: '2026-11-30T00:00:05.001Z' }, 'index');

  expect(decide([low, almost, high, aged]).map(({ runId }) => runId)).toEqual(
    [aged, high, almost, low].map(({ runId }) => runId),
  );
});

test('an occurrence that may not start does not hold up those behind it', () => {
  const blocked = row(1, { priority: 9, mayTake: { nodeMinutes: 500, cost: null } });
  const small = row(2, { mayTake: { nodeMinutes: 10, cost: null } }, 'render');

  expect(outline(decide([blocked, small], { limits: { monthlyNodeMinutes: 100 } }))).toEqual([
    'wait report-20261130t010000 budgetReached',
    'start render-20261130t020000',
  ]);
});

test('no more runs are active than the app allows', () => {
  const rows = [row(1, running), row(2, {}, 'render'), row(3, {}, 'sweep')];

  expect(decide(rows, { limits: { maxActiveRuns: 2 } })).toEqual([
    start(rows[1] as ActiveRow),
    wait(rows[2] as ActiveRow, 'tooManyRuns', '2 runs of this app are active'),
  ]);
});

test('no more runs start in a minute than the app allows', () => {
  const control = {
    closed: null,
    closedWorkloads: {},
    recentStarts: ['2026-11-30T01:59:05.000Z', '2026-11-30T01:59:05.001Z'],
  };

  expect(decide([row(1), row(2)], { control, limits: { maxStartsPerMinute: 2 } })).toEqual([
    start(row(1)),
    wait(row(2), 'tooManyRuns', '2 runs were started in the last minute'),
  ]);
});

test('the budget in node-minutes counts what is spent and what active runs may take', () => {
  const rows = [row(1, running), row(2), row(3)];
  const spent = { nodeMinutes: 100, cost: 0 };
  const reason = (taken: number, limit: number) => ({
    kind: 'waiting',
    code: 'budgetReached',
    cause: `the month's budget of ${limit} node-minutes does not hold it: ${taken} are spent or may be taken by active runs`,
  });

  expect(decide(rows, { spent, limits: { monthlyNodeMinutes: 220 } })).toEqual([
    start(row(2)),
    { kind: 'wait', runId: row(3).runId, reason: reason(220, 220) },
  ]);
  expect(decide(rows, { spent, limits: { monthlyNodeMinutes: 219 } })).toEqual([
    { kind: 'wait', runId: row(2).runId, reason: reason(160, 219) },
    { kind: 'wait', runId: row(3).runId, reason: reason(160, 219) },
  ]);
});

test('the budget in money counts likewise, and a workload without a price takes nothing', () => {
  const free = row(3, { mayTake: { nodeMinutes: 60, cost: null } }, 'free');
  const given = { spent: { nodeMinutes: 0, cost: 5 }, limits: { monthlyCost: 10 } };

  expect(decide([row(1, running), row(2), free], given)).toEqual([
    {
      kind: 'wait',
      runId: row(2).runId,
      reason: {
        kind: 'waiting',
        code: 'budgetReached',
        cause:
          "the month's budget of 10 of the currency of prices does not hold it: 8 are spent or may be taken by active runs",
      },
    },
    start(free),
  ]);
});

test('nothing starts while admission is closed, and again from the instant on', () => {
  const closed = (until: string) => ({
    control: { ...OPEN_ADMISSION, closed: { until, by: 'ops', why: 'a bad image' } },
  });

  expect(decide([row(1)], closed('2026-11-30T02:00:05.001Z'))).toEqual([
    {
      kind: 'wait',
      runId: row(1).runId,
      reason: {
        kind: 'waiting',
        code: 'admissionClosed',
        cause: 'ops stopped all starts: a bad image',
      },
    },
  ]);
  expect(decide([row(1)], closed(NOW))).toEqual([start(row(1))]);
});

test('nothing of a workload starts while its admission is closed, and others do', () => {
  const closed = { until: '2026-11-30T03:00:00.000Z', by: 'ops', why: 'a bad image' };
  const control = { ...OPEN_ADMISSION, closedWorkloads: { [row(1).workload]: closed } };
  const other = row(2, {}, 'other');

  expect(decide([row(1), other], { control })).toEqual([
    {
      kind: 'wait',
      runId: row(1).runId,
      reason: {
        kind: 'waiting',
        code: 'admissionClosed',
        cause: 'ops stopped all starts of report: a bad image',
      },
    },
    start(other),
  ]);
});

test('an occurrence whose start window has passed is missed', () => {
  const [late, inTime] = [
    row(1, { startBy: '2026-11-30T02:00:04.999Z' }),
    row(2, { startBy: NOW }),
  ];

  expect(decide([late, inTime])).toEqual([
    {
      kind: 'end',
      runId: late.runId,
      reason: {
        kind: 'missed',
        code: 'startWindowEnded',
        cause: 'the run could not start before 2026-11-30T02:00:04.999Z',
      },
    },
    start(inTime),
  ]);
});

test('an occurrence that is missed says what it waited for', () => {
  const waited = { kind: 'waiting', code: 'budgetReached', cause: 'the budget is spent' } as const;
  const late = row(1, { state: 'queued', reason: waited, startBy: '2026-11-30T02:00:04.999Z' });

  expect(decide([late])).toMatchObject([
    {
      reason: {
        code: 'startWindowEnded',
        cause: 'the run could not start before 2026-11-30T02:00:04.999Z: the budget is spent',
      },
    },
  ]);
});

test('an occurrence that is cancelled while it waits is skipped', () => {
  const cancelled = row(1, { cancel: { at: NOW, by: 'a person' } });
  const cause = 'the run was cancelled before it started';

  expect(decide([cancelled])).toEqual([
    {
      kind: 'end',
      runId: cancelled.runId,
      reason: { kind: 'skipped', code: 'cancelled', cause },
    },
  ]);
});

test('an occurrence of a workload that the app no longer has is skipped', () => {
  expect(decide([row(1)], { isUnknown: true })).toEqual([
    {
      kind: 'end',
      runId: row(1).runId,
      reason: {
        kind: 'skipped',
        code: 'unknownWorkload',
        cause: 'workload report no longer exists',
      },
    },
  ]);
});

test('what is due again does not replace a run that is ready while it waits for others itself', () => {
  const [ready, waits] = [row(1), row(2)];
  const predecessors = new Map<string, Predecessors>([
    [waits.runId, { kind: 'waiting', cause: 'the run of sales has not ended' }],
  ]);

  expect(decide([ready, waits], { predecessors, policy: { overlap: 'replace' } })).toEqual(
    [
      { kind: 'wait', runId: waits.runId, reason: waitingFor('the run of sales has not ended') },
      start(ready),
    ].toSorted((one, other) => one.runId.localeCompare(other.runId)),
  );
});

function waitingFor(cause: string): Reason {
  return { kind: 'waiting', code: 'notAllSucceeded', cause };
}
