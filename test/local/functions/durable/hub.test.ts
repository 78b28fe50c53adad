import * as df from 'durable-functions';
import type { Task } from 'durable-functions';
import { afterEach, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../../../local/functions/testing';
import type { Outcome } from '../../../../src/run/run';
import { temporaryFolder, until } from '../host-process';

// The task hub over its own end and beginning, and what instances are to each other.

let hub: TestHub | undefined;
const ran: string[] = [];
let release: () => void = () => {};

afterEach(async () => {
  release();
  await hub?.close();
  ran.length = 0;
});

type Step = Generator<Task, unknown, never>;

function register(): void {
  df.app.activity('held', {
    handler: (name: string) => {
      ran.push(name);
      return new Promise((resolve) => {
        release = () => resolve(name);
      });
    },
  });
  df.app.activity('quick', { handler: (name: string) => ran.push(name) });
  df.app.activity('nothing', { handler: () => null });
  df.app.orchestration('wide', function* (context): Step {
    const tasks = Array.from({ length: 5_100 }, () => context.df.callActivity('nothing'));
    return ((yield context.df.Task.all(tasks)) as unknown[]).length;
  });
  df.app.orchestration('holds', function* (context): Step {
    return yield context.df.callActivity('held', context.df.instanceId);
  });
  df.app.orchestration('sleeps', function* (context): Step {
    const until = new Date(context.df.currentUtcDateTime.getTime() + 60_000);
    yield context.df.createTimer(until);
    return yield context.df.callActivity('quick', context.df.instanceId);
  });
  df.app.orchestration('parent', function* (context): Step {
    return yield context.df.callSubOrchestrator('sleeps', null, `${context.df.instanceId}-child`);
  });
  // Two timers a generation: the first turn of each generation sets no status.
  df.app.orchestration('counts', function* (context): Step {
    const generation = context.df.getInput<number>();
    const later = (seconds: number) =>
      new Date(context.df.currentUtcDateTime.getTime() + seconds * 1000);
    if (generation > 0) yield context.df.createTimer(later(60));
    if (generation === 2) return 'the end';
    context.df.setCustomStatus(`generation ${generation}`);
    yield context.df.createTimer(later(60));
    context.df.continueAsNew(generation + 1);
    return undefined;
  });
  df.app.orchestration('leaves', function* (context): Step {
    const { round } = context.df.getInput<{ round: number }>();
    if (round === 2) {
      const until = new Date(context.df.currentUtcDateTime.getTime() + 120_000);
      yield context.df.createTimer(until);
      return 'the second generation';
    }
    context.df.continueAsNew({ round: 2 });
    return undefined;
  });
}

async function open(dataFolder?: string): Promise<TestHub> {
  hub = await startTestHub({ register, ...(dataFolder === undefined ? {} : { dataFolder }) });
  return hub;
}

test('the shutdown of the host waits for an activity and keeps its result', async () => {
  const dataFolder = temporaryFolder();
  const first = await open(dataFolder);
  await first.start('holds', 'a');
  while (ran.length === 0) await new Promise(setImmediate);
  const closing = first.close();
  release();
  await closing;
  const second = await open(dataFolder);

  expect((await second.runToEnd('a')).output).toBe('a');
  expect(ran).toEqual(['a']);
});

test('a result after the wait is discarded, and the activity runs again', async () => {
  const dataFolder = temporaryFolder();
  const first = await open(dataFolder);
  await first.start('holds', 'a');
  while (ran.length === 0) await new Promise(setImmediate);
  const late = release;
  await first.host.hub.stop(1);
  late();
  await first.close();
  const second = await open(dataFolder);
  while (ran.length === 1) await new Promise(setImmediate);
  release();

  expect((await second.runToEnd('a')).output).toBe('a');
  expect(ran).toEqual(['a', 'a']);
});

test('timers that became due while the host was down fire at its next start', async () => {
  const dataFolder = temporaryFolder();
  const first = await open(dataFolder);
  await first.start('sleeps', 'a');
  await first.settled();
  await first.close();
  hub = await startTestHub({ register, dataFolder, start: '2030-01-02T00:00:00Z' });

  expect(await hub.runToEnd('a')).toMatchObject({
    runtimeStatus: 'Completed',
    createdTime: '2030-01-01T00:00:00Z',
    lastUpdatedTime: '2030-01-02T00:00:00Z',
  });
});

test('a terminated parent leaves its child running, and gets no event of its end', async () => {
  const tests = await open();
  await tests.start('parent', 'p');
  await tests.settled();
  await tests.terminate('p', 'enough');
  await tests.settled();
  const child = tests.status('p-child').runtimeStatus;

  expect(child).toBe('Running');
  expect((await tests.runToEnd('p-child')).runtimeStatus).toBe('Completed');
  expect(tests.status('p')).toMatchObject({ runtimeStatus: 'Terminated', output: 'enough' });
});

test('a terminated instance discards the work in progress', async () => {
  const tests = await open();
  await tests.start('sleeps', 's');
  await tests.settled();
  await tests.terminate('s', 'enough');
  await tests.settled();

  expect(tests.clock.next()).toBeUndefined();
  expect(ran).toEqual([]);
});

test('the created time after continuing as new is that of the new generation', async () => {
  const tests = await open();
  await tests.run('sleeps', 'first');
  await tests.start('leaves', 'l', { round: 1 });

  expect(await tests.runToEnd('l')).toMatchObject({
    output: 'the second generation',
    createdTime: '2030-01-01T00:01:00Z',
    lastUpdatedTime: '2030-01-01T00:03:00Z',
  });
});

test('of several starts of one id at the same time all succeed, and the first one runs', async () => {
  const tests = await open(temporaryFolder());
  await Promise.all([1, 2, 3].map((n) => tests.start('holds', 'same', n)));
  await expect(tests.start('holds', 'same', 4)).rejects.toThrow('already exists');
  // The activity is held, so the instance still runs.
  await until(() => Promise.resolve(ran.length > 0 ? true : undefined));

  expect(ran).toEqual(['same']);
  expect(tests.status('same').input).toBe(1);
});

test('the custom status stays over a new generation, until a later turn sets none', async () => {
  const tests = await open();
  await tests.start('counts', 'c', 0);
  await tests.settled();
  const seen = [tests.status('c').customStatus];
  while (await tests.stepToNextAlarm()) seen.push(tests.status('c').customStatus);

  expect(seen).toEqual(['generation 0', 'generation 0', 'generation 1', 'generation 1', null]);
});

test('thousands of ended instances can still be queried, outside memory', async () => {
  const tests = await open();
  for (let i = 0; i < 1000; i++) await tests.start('leaves', `i${i}`, { round: 1 });
  await tests.settled();
  await tests.stepToNextAlarm();

  expect(tests.status('i0').output).toBe('the second generation');
  expect(tests.host.hub.options.store.state.instances.size).toBeLessThan(300);
});

test('an instance with a long history completes, and the log warns once', async () => {
  const lines: string[] = [];
  hub = await startTestHub({
    register,
    log: (level, message) => {
      if (level === 'warning') lines.push(message);
    },
  });

  expect((await hub.run('wide', 'w')).output).toBe(5_100);
  expect(lines).toEqual([
    expect.stringMatching(
      /^The history of 'w' has 10\d{3} events, and each turn replays all of them; continue as new earlier\.$/,
    ),
  ]);
});

test('the last line of a run has its outcome, with code and cause unless it succeeded', async () => {
  const lines: string[] = [];
  const tests = await startTestHub({
    register: () =>
      df.app.orchestration('run', function* (context): Step {
        if (context.df.instanceId === '') yield context.df.callActivity('nothing');
        return { outcome: context.df.getInput<Outcome>() };
      }),
    log: (level, message) => {
      if (message.startsWith('run ')) lines.push(`${level}: ${message}`);
    },
  });
  hub = tests;
  const outcomes: readonly Outcome[] = [
    { kind: 'succeeded' },
    { kind: 'failed', code: 'taskFailed', cause: '1 of 3 tasks failed: no such file\nat line 3' },
    { kind: 'timedOut', code: 'deadlineExceeded', cause: 'the run exceeded its deadline' },
  ];
  for (const outcome of outcomes) await tests.run('run', `r-${outcome.kind}`, outcome);

  expect(lines.filter((line) => !line.startsWith('debug'))).toEqual([
    'information: run r-succeeded completed',
    'warning: run r-failed failed: taskFailed, 1 of 3 tasks failed: no such file',
    'warning: run r-timedOut timedOut: deadlineExceeded, the run exceeded its deadline',
  ]);
});
