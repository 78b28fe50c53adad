import * as df from 'durable-functions';
import type { OrchestrationContext, Task } from 'durable-functions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../../../local/functions/testing';

let hub: TestHub;
const attempts = new Map<string, number>();

beforeAll(async () => {
  hub = await startTestHub({ register });
});
afterAll(() => hub.close());

interface Retried {
  readonly id: string;
  readonly max: number;
  readonly succeedsAt: number;
  /** Seconds. */
  readonly longest?: number;
}

type Step<T = unknown> = Generator<Task, T, never>;

function later(context: OrchestrationContext, seconds: number): Date {
  return new Date(context.df.currentUtcDateTime.getTime() + seconds * 1000);
}

function register(): void {
  df.app.activity('say', { handler: (name: string) => `Hello, ${name}` });
  df.app.activity('double', { handler: ({ n }: { n: number }) => n * 2 });
  df.app.activity('boom', {
    handler: () => {
      throw new Error('it broke');
    },
  });
  df.app.activity('flaky', {
    handler: ({ id, succeedsAt }: { id: string; succeedsAt: number }) => {
      const attempt = (attempts.get(id) ?? 0) + 1;
      attempts.set(id, attempt);
      if (attempt < succeedsAt) throw new Error(`attempt ${attempt}`);
      return attempt;
    },
  });

  df.app.orchestration('sequence', function* (context): Step {
    const first = yield context.df.callActivity('say', 'Tokyo');
    const second = yield context.df.callActivity('say', 'Oslo');
    return [first, second];
  });
  df.app.orchestration('fanOut', function* (context): Step {
    const { n } = context.df.getInput<{ n: number }>();
    const tasks = Array.from({ length: n }, (_, i) => context.df.callActivity('double', { n: i }));
    return yield context.df.Task.all(tasks);
  });
  df.app.orchestration('retried', function* (context): Step {
    const input = context.df.getInput<Retried>();
    const retry = new df.RetryOptions(1000, input.max);
    retry.backoffCoefficient = 2;
    if (input.longest !== undefined) retry.maxRetryIntervalInMilliseconds = input.longest * 1000;
    const began = context.df.currentUtcDateTime.getTime();
    try {
      const attempt = yield context.df.callActivityWithRetry('flaky', retry, input);
      return { attempt, seconds: (context.df.currentUtcDateTime.getTime() - began) / 1000 };
    } catch (error) {
      // What comes after an exhausted retry has to find its number in the history.
      const after = yield context.df.callActivity('say', 'anyway');
      const seconds = (context.df.currentUtcDateTime.getTime() - began) / 1000;
      return { error: (error as Error).message.split('\n')[0], after, seconds };
    }
  });
  df.app.orchestration('poll', function* (context): Step {
    const { id } = context.df.getInput<{ id: string }>();
    for (let round = 1; ; round++) {
      context.df.setCustomStatus({ round });
      try {
        yield context.df.callActivity('flaky', { id, succeedsAt: 4 });
        return { round };
      } catch {
        yield context.df.createTimer(later(context, 60));
      }
    }
  });
  df.app.orchestration('approval', function* (context): Step {
    const timer = context.df.createTimer(later(context, 3600));
    const event = context.df.waitForExternalEvent('Approval');
    const winner: Task = yield context.df.Task.any([event, timer]);
    if (winner === timer) return 'timed out';
    timer.cancel();
    const said = yield context.df.callActivity('say', 'approved');
    return { said, event: event.result };
  });
  df.app.orchestration('asksTwice', function* (context): Step {
    const timer = context.df.createTimer(later(context, 60));
    yield context.df.Task.any([context.df.waitForExternalEvent('Word'), timer]);
    const word = yield context.df.waitForExternalEvent('Word');
    const said = yield context.df.callActivity('say', word);
    return { said, timeIsOver: timer.isCompleted };
  });
  df.app.orchestration('threeEvents', function* (context): Step {
    const seen: unknown[] = [];
    for (let i = 0; i < 3; i++) seen.push(yield context.df.waitForExternalEvent('E'));
    return seen;
  });
  df.app.orchestration('parent', function* (context): Step {
    const plain = yield context.df.callSubOrchestrator('sequence');
    const named = yield context.df.callSubOrchestrator(
      'fanOut',
      { n: 3 },
      `${context.df.instanceId}-kid`,
    );
    const many = yield context.df.Task.all(
      [1, 2].map((n) => context.df.callSubOrchestrator('fanOut', { n })),
    );
    return { plain, named, many };
  });
  df.app.orchestration('parentOfFailure', function* (context): Step {
    try {
      yield context.df.callSubOrchestrator('fails');
      return 'no error';
    } catch (error) {
      return (error as Error).message.split('\n')[0];
    }
  });
  df.app.orchestration('fails', function* (context): Step<void> {
    yield context.df.callActivity('boom');
  });
  df.app.orchestration('throws', function* (context): Step {
    if (context.df.instanceId === 'x1') throw new Error('at once');
    return yield context.df.callActivity('say', 'x');
  });
  df.app.orchestration('counter', function* (context): Step {
    const { n, to } = context.df.getInput<{ n: number; to: number }>();
    yield context.df.callActivity('say', String(n));
    if (n === to) return n;
    context.df.continueAsNew({ n: n + 1, to });
    return undefined;
  });
  df.app.orchestration('guids', function* (context): Step {
    const first = context.df.newGuid('x');
    yield context.df.callActivity('say', 'x');
    return first !== context.df.newGuid('x');
  });
  df.app.orchestration('longTimer', function* (context): Step {
    yield context.df.createTimer(later(context, 20 * 86_400));
    yield context.df.callActivity('say', 'late');
    return context.df.currentUtcDateTime.toISOString();
  });
  df.app.orchestration('callsNobody', function* (context): Step<void> {
    yield context.df.callActivity('nobody');
  });
}

test('a sequence of activities returns their results', async () => {
  expect(await hub.run('sequence', 's1')).toEqual({
    name: 'sequence',
    instanceId: 's1',
    runtimeStatus: 'Completed',
    input: null,
    customStatus: null,
    output: ['Hello, Tokyo', 'Hello, Oslo'],
    createdTime: '2030-01-01T00:00:00Z',
    lastUpdatedTime: '2030-01-01T00:00:00Z',
  });
});

test('activities that fan out come back in the order of their tasks', async () => {
  const { output } = await hub.run('fanOut', 'f1', { n: 5 });

  expect(output).toEqual([0, 2, 4, 6, 8]);
});

test('a retried activity succeeds at its third attempt, after waits that double', async () => {
  const { output } = await hub.run('retried', 'r1', { id: 'r1', succeedsAt: 3, max: 5 });

  expect(output).toEqual({ attempt: 3, seconds: 3 });
});

test('an exhausted retry makes exactly its attempts, and the orchestration continues', async () => {
  const { output } = await hub.run('retried', 'r2', { id: 'r2', succeedsAt: 9, max: 3 });

  expect(attempts.get('r2')).toBe(3);
  expect(output).toEqual({
    error: "Activity function 'flaky' failed:  attempt 3 ",
    after: 'Hello, anyway',
    seconds: 3,
  });
});

test('a retry waits no longer than its longest interval', async () => {
  const input = { id: 'r3', succeedsAt: 5, max: 9, longest: 3 };

  expect((await hub.run('retried', 'r3', input)).output).toEqual({ attempt: 5, seconds: 9 });
});

test('a timer loop runs on the clock and shows its latest custom status', async () => {
  const began = hub.clock.now().getTime();

  const { output, customStatus } = await hub.run('poll', 'p1', { id: 'p1' });

  expect({ output, customStatus }).toEqual({ output: { round: 4 }, customStatus: { round: 4 } });
  expect(hub.clock.now().getTime() - began).toBe(3 * 60_000);
});

test('an event that arrives during the wait wins over the timer', async () => {
  await hub.start('approval', 'e1');
  await hub.settled();
  await hub.raiseEvent('e1', 'Approval', { by: 'Ada' });

  expect((await hub.runToEnd('e1')).output).toEqual({
    said: 'Hello, approved',
    event: { by: 'Ada' },
  });
});

test('an event that arrives before any wait is kept', async () => {
  await hub.start('approval', 'e2');
  await hub.raiseEvent('e2', 'Approval', 1);

  expect((await hub.runToEnd('e2')).output).toEqual({ said: 'Hello, approved', event: 1 });
});

test('without the event the timer wins', async () => {
  expect((await hub.run('approval', 'e3')).output).toBe('timed out');
});

test('an event goes to the newest wait, not to an abandoned one', async () => {
  await hub.start('asksTwice', 'e5');
  await hub.settled();
  await hub.stepToNextAlarm();
  await hub.raiseEvent('e5', 'Word', 'late');
  await hub.settled();

  expect(hub.status('e5').output).toEqual({ said: 'Hello, late', timeIsOver: true });
});

test('events of one name are read in the order they came', async () => {
  await hub.start('threeEvents', 'e4');
  for (const n of [1, 2, 3]) await hub.raiseEvent('e4', 'E', n);

  expect((await hub.runToEnd('e4')).output).toEqual([1, 2, 3]);
});

test('children run with a generated id or with a given one', async () => {
  const { output } = await hub.run('parent', 'c1');

  expect(output).toEqual({
    plain: ['Hello, Tokyo', 'Hello, Oslo'],
    named: [0, 2, 4],
    many: [[0], [0, 2]],
  });
  expect(hub.status('c1-kid').output).toEqual([0, 2, 4]);
});

test('a failing child fails its parent’s task with the message of the extension', async () => {
  expect((await hub.run('parentOfFailure', 'c2')).output).toBe(
    "Orchestrator function 'fails' failed: Activity function 'boom' failed:  it broke ",
  );
});

test('an orchestrator that throws fails its instance', async () => {
  const { runtimeStatus, output } = await hub.run('throws', 'x1');

  expect({ runtimeStatus, output }).toEqual({
    runtimeStatus: 'Failed',
    output: "Orchestrator function 'throws' failed: at once",
  });
});

test('continuing as new thirty times ends with the last generation’s input', async () => {
  const { output, input } = await hub.run('counter', 'n1', { n: 1, to: 30 });

  expect({ output, input }).toEqual({ output: 30, input: { n: 30, to: 30 } });
  expect(hub.history('n1').length).toBeLessThan(10);
});

test('guids differ from each other and are the same in every replay', async () => {
  expect((await hub.run('guids', 'g1')).output).toBe(true);
});

test('a timer of twenty days is kept in parts of three and fires at its time', async () => {
  const due = new Date(hub.clock.now().getTime() + 20 * 86_400_000).toISOString();

  expect((await hub.run('longTimer', 't1')).output).toBe(due);
  expect(hub.history('t1').filter(({ EventType }) => EventType === 10).length).toBe(7);
});

test('an activity that does not exist fails, and lists the existing ones', async () => {
  const { output } = await hub.run('callsNobody', 'u1');

  expect(output).toContain(
    "The function 'nobody' doesn't exist, is disabled, or is not an activity function. " +
      "Additional info: The following are the known activity functions: 'say', 'double', 'boom', 'flaky'.",
  );
});

test('a suspended instance holds events and work until it is resumed', async () => {
  await hub.start('approval', 'z1');
  await hub.settled();
  await hub.suspend('z1');
  await hub.settled();
  await hub.raiseEvent('z1', 'Approval', 7);
  await hub.settled();
  const held = hub.status('z1').runtimeStatus;
  await hub.resume('z1');
  await hub.settled();
  const waitingTime = hub.status('z1').runtimeStatus;

  expect([held, waitingTime]).toEqual(['Suspended', 'Completed']);
  expect(hub.status('z1').output).toEqual({ said: 'Hello, approved', event: 7 });
});

test('events that came while it was suspended are read when it is resumed', async () => {
  await hub.start('threeEvents', 'z2');
  await hub.settled();
  await hub.suspend('z2');
  for (const n of [1, 2, 3]) await hub.raiseEvent('z2', 'E', n);
  await hub.settled();
  await hub.resume('z2');
  await hub.settled();

  expect(hub.status('z2')).toMatchObject({ runtimeStatus: 'Completed', output: [1, 2, 3] });
});

test('a terminated instance ends with the reason as its output', async () => {
  await hub.start('approval', 'k1');
  await hub.settled();
  await hub.terminate('k1', 'enough');

  const { runtimeStatus, output } = await hub.runToEnd('k1');
  expect({ runtimeStatus, output }).toEqual({ runtimeStatus: 'Terminated', output: 'enough' });
});

test('a wait that no alarm can end is reported instead of blocking', async () => {
  await hub.start('threeEvents', 'w1');

  await expect(hub.runToEnd('w1')).rejects.toThrow(
    "'w1' is Running and waits for an event that no alarm will cause.",
  );
});
