import { app, type PostInvocationContext } from '@azure/functions';
import * as df from 'durable-functions';
import type { OrchestrationContext, Task } from 'durable-functions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../../../local/functions/testing';

// Answers of orchestrators that no host can act upon: they end the instance, and do not stall it.

let hub: TestHub;

type Step = Generator<Task, unknown, never>;

beforeAll(async () => {
  hub = await startTestHub({
    register: () => {
      df.app.orchestration('endless', function* (context: OrchestrationContext): Step {
        return yield context.df.createTimer(new Date('never'));
      });
      df.app.orchestration('hidden', function* (context: OrchestrationContext): Step {
        return yield context.df.callActivity('nobody');
      });
      df.app.orchestration('emptied', function* (context: OrchestrationContext): Step {
        return yield context.df.callActivity('nobody');
      });
      df.app.orchestration('throws', function* (context: OrchestrationContext): Step {
        return yield context.df.callActivity('throwsWhatever', context.df.getInput());
      });
      df.app.activity('throwsWhatever', {
        handler: (what: unknown) => {
          throw what;
        },
      });
      app.hook.postInvocation((context: PostInvocationContext) => {
        if (context.invocationContext.functionName === 'hidden') context.result = { status: 500 };
        if (context.invocationContext.functionName === 'emptied') context.result = null;
      });
    },
  });
});
afterAll(() => hub.close());

async function endOf(name: string, input?: unknown) {
  await hub.start(name, `${name}-${JSON.stringify(input)}`, input);
  const { runtimeStatus, output } = await hub.runToEnd(`${name}-${JSON.stringify(input)}`);
  return [runtimeStatus, output];
}

test('a timer with an invalid date fails the instance', async () => {
  expect(await endOf('endless')).toEqual([
    'Failed',
    "Orchestrator function 'endless' failed: Invalid time value",
  ]);
});

test('a hook that replaces the result by something else fails the instance', async () => {
  expect(await endOf('hidden')).toEqual([
    'Failed',
    expect.stringContaining("Orchestrator function 'hidden' failed: "),
  ]);
});

test('a hook that removes the result ends the instance without an output', async () => {
  expect(await endOf('emptied')).toEqual(['Completed', null]);
});

test.each([
  [{ code: 7 }, '{"code":7}'],
  ['just words', 'just words'],
])(
  'an activity that throws %j, which is not an error, fails with that text',
  async (what, words) => {
    expect(await endOf('throws', what)).toEqual([
      'Failed',
      expect.stringContaining(`Activity function 'throwsWhatever' failed:  ${words}`),
    ]);
  },
);
