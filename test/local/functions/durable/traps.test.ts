import * as df from 'durable-functions';
import type { OrchestrationContext, Task } from 'durable-functions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../../../local/functions/testing';

// What goes wrong in Azure goes wrong here.

let hub: TestHub;
let isChanged = false;
const attempts = new Map<string, number>();
const warnings: string[] = [];

beforeAll(async () => {
  hub = await startTestHub({
    register,
    log: (level, line) => {
      if (level === 'warning') warnings.push(line);
    },
  });
});
afterAll(() => hub.close());

type Step<T = unknown> = Generator<Task, T, never>;

function later(context: OrchestrationContext, seconds: number): Date {
  return new Date(context.df.currentUtcDateTime.getTime() + seconds * 1000);
}

function register(): void {
  df.app.activity('say', { handler: (name: string) => `Hello, ${name}` });
  df.app.activity('boom', {
    handler: () => {
      throw new Error('it broke');
    },
  });
  df.app.activity('flaky', {
    handler: ({ id }: { id: string }) => {
      const attempt = (attempts.get(id) ?? 0) + 1;
      attempts.set(id, attempt);
      if (attempt === 1) throw new Error('first attempt');
      return attempt;
    },
  });
  const retry = new df.RetryOptions(60_000, 3);

  df.app.orchestration('leaksTimer', function* (context): Step {
    context.df.createTimer(later(context, 3600));
    const timer = context.df.createTimer(later(context, 3600));
    const said = context.df.callActivity('say', 'x');
    yield context.df.Task.any([said, timer]);
    return said.result;
  });
  df.app.orchestration('allWithFailure', function* (context): Step {
    const slow = context.df.callSubOrchestrator('sleeps', { seconds: 600 });
    try {
      yield context.df.Task.all([slow, context.df.callActivity('boom')]);
    } catch {
      yield context.df.callActivity('say', 'compensated');
    }
    return context.df.currentUtcDateTime.toISOString();
  });
  df.app.orchestration('sleeps', function* (context): Step<void> {
    const { seconds } = context.df.getInput<{ seconds: number }>();
    yield context.df.createTimer(later(context, seconds));
  });
  df.app.orchestration('pattern2', function* (context): Step {
    const tasks = [
      context.df.callActivityWithRetry('boom', retry),
      context.df.callActivity('boom'),
    ];
    try {
      yield context.df.Task.all(tasks);
    } catch {
      return yield context.df.callActivity('say', 'compensated');
    }
    return 'no error';
  });
  df.app.orchestration('pattern2Safe', function* (context): Step {
    const tasks = [
      context.df.callActivityWithRetry('boom', retry),
      context.df.callActivity('boom'),
    ];
    const errors: string[] = [];
    try {
      yield context.df.Task.all(tasks);
    } catch {
      // Each one is looked at below.
    }
    for (const task of tasks) {
      try {
        yield task;
      } catch (error) {
        errors.push((error as Error).message.split('\n')[0] ?? '');
      }
    }
    const said = yield context.df.callActivity('say', 'compensated');
    return { errors, said };
  });
  df.app.orchestration('pattern3', function* (context): Step {
    const timer = context.df.createTimer(later(context, 86_400));
    const { id } = context.df.getInput<{ id: string }>();
    const retried = context.df.callActivityWithRetry('flaky', retry, { id });
    yield context.df.Task.any([retried, timer]);
    timer.cancel();
    return yield context.df.callActivity('say', 'after');
  });
  df.app.orchestration('pattern3Safe', function* (context): Step {
    const timer = context.df.createTimer(later(context, 86_400));
    const retried = context.df.callSubOrchestrator('retriesInside', context.df.getInput());
    yield context.df.Task.any([retried, timer]);
    timer.cancel();
    return yield context.df.callActivity('say', 'after');
  });
  df.app.orchestration('retriesInside', function* (context): Step {
    return yield context.df.callActivityWithRetry('flaky', retry, context.df.getInput());
  });
  df.app.orchestration('changes', function* (context): Step {
    if (isChanged) {
      yield context.df.createTimer(later(context, 10));
      return 'the new code';
    }
    yield context.df.callActivity('say', 'one');
    yield context.df.waitForExternalEvent('go');
    return 'the old code';
  });
  df.app.orchestration('losesEvents', function* (context): Step {
    const { round } = context.df.getInput<{ round: number }>();
    if (round === 2) {
      const timer = context.df.createTimer(later(context, 60));
      const event = context.df.waitForExternalEvent('unread');
      const winner: Task = yield context.df.Task.any([event, timer]);
      return winner === timer ? 'lost' : 'kept';
    }
    yield context.df.waitForExternalEvent('go');
    context.df.continueAsNew({ round: 2 });
    return undefined;
  });
  df.app.orchestration('retryTimesOut', function* (context): Step {
    const options = new df.RetryOptions(10_000, 99);
    options.retryTimeoutInMilliseconds = 25_000;
    try {
      return yield context.df.callActivityWithRetry('boom', options);
    } catch {
      return 'gave up';
    }
  });
  df.app.orchestration('hugeStatus', function* (context): Step<void> {
    context.df.setCustomStatus('x'.repeat(9000));
    yield context.df.callActivity('say', 'x');
  });
  df.app.orchestration('ownChild', function* (context): Step<void> {
    yield context.df.callSubOrchestrator('sleeps', { seconds: 1 }, context.df.instanceId);
  });
}

test('an uncancelled timer keeps the instance running until it fires', async () => {
  await hub.start('leaksTimer', 'l1');
  await hub.settled();

  expect(hub.status('l1')).toMatchObject({ runtimeStatus: 'Running', output: null });
  expect((await hub.runToEnd('l1')).output).toBe('Hello, x');
  expect(hub.status('l1').lastUpdatedTime).toBe('2030-01-01T01:00:00Z');
});

test('after a failed Task.all nothing starts before every sibling has ended', async () => {
  const began = hub.clock.now().getTime();

  await hub.run('allWithFailure', 'a1');

  const said = hub.history('a1').find((event) => event.EventType === 4 && event.Name === 'say');
  expect(Date.parse(said?.Timestamp ?? '') - began).toBe(600_000);
});

test('work after a failed Task.all with a retried sibling gets the sibling’s result', async () => {
  const { runtimeStatus, output } = await hub.run('pattern2', 'd1');

  expect(runtimeStatus).toBe('Failed');
  expect(output).toContain(
    "Orchestrator function 'pattern2' failed: Activity function 'boom' failed:  it broke",
  );
});

test('settling each task after a failed Task.all is safe', async () => {
  expect((await hub.run('pattern2Safe', 'd2')).output).toEqual({
    errors: [
      "Activity function 'boom' failed:  it broke ",
      "Activity function 'boom' failed:  it broke ",
    ],
    said: 'Hello, compensated',
  });
});

test('racing a retried activity with a timer fails once a retry has happened', async () => {
  const { runtimeStatus, output } = await hub.run('pattern3', 'd3', { id: 'd3' });

  expect(runtimeStatus).toBe('Failed');
  expect(output).toContain('Non-Deterministic workflow detected');
});

test('racing a child that retries with a timer is safe', async () => {
  expect((await hub.run('pattern3Safe', 'd4', { id: 'd4' })).output).toBe('Hello, after');
});

test('an instance whose code changes while it runs fails, and names the work of the old code', async () => {
  await hub.start('changes', 'v1');
  await hub.settled();
  isChanged = true;
  await hub.raiseEvent('v1', 'go');
  const { runtimeStatus, output } = await hub.runToEnd('v1');
  isChanged = false;

  expect({ runtimeStatus, output }).toEqual({
    runtimeStatus: 'Failed',
    output:
      'Non-Deterministic workflow detected: A previous execution of this orchestration scheduled ' +
      "an activity task with sequence number 0 named 'say', but the current orchestration replay " +
      'instead produced a CreateTimerOrchestratorAction action with this sequence number. Was a ' +
      'change made to the orchestrator code after this instance had already started running?',
  });
});

test('unread events are lost by continuing as new', async () => {
  await hub.start('losesEvents', 'n1', { round: 1 });
  await hub.settled();
  await hub.raiseEvent('n1', 'unread', 1);
  await hub.settled();
  await hub.raiseEvent('n1', 'go');

  expect((await hub.runToEnd('n1')).output).toBe('lost');
});

test('events that come with the decision to continue as new reach the next generation', async () => {
  await hub.start('losesEvents', 'n2', { round: 1 });
  await hub.settled();
  await Promise.all([hub.raiseEvent('n2', 'go'), hub.raiseEvent('n2', 'unread', 1)]);

  expect((await hub.runToEnd('n2')).output).toBe('kept');
});

test('a retry past its timeout leaves its instance waiting forever, and the log says so', async () => {
  const running = hub.run('retryTimesOut', 'r1');

  await expect(running).rejects.toThrow('waits for an event that no alarm will cause');
  expect(warnings).toEqual([
    "'r1' waits for an event that will never come, here and in Azure; terminate it.",
  ]);
});

test('a custom status of 17 KB fails the instance', async () => {
  expect((await hub.run('hugeStatus', 'h1')).output).toBe(
    "Orchestrator function 'hugeStatus' failed: The UTF-16 size of the JSON-serialized payload " +
      'must not exceed 16 KB. The current payload size is 17 KB.',
  );
});

test('a child cannot have the id of its parent', async () => {
  expect((await hub.run('ownChild', 'o1')).output).toBe(
    'The instance ID of a sub-orchestration must be different than the instance ID of a parent orchestration.',
  );
});
