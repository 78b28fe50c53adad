import * as df from 'durable-functions';
import { afterEach, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../local/functions/testing';
import { Failure } from '../../src/failure';
import { asActivity, newExecution, perform } from '../../src/run/steps';

/** What an activity throws, as the workflow sees it after the way through the real engine. */

let hub: TestHub | undefined;

afterEach(async () => {
  await hub?.close();
  hub = undefined;
});

async function seenOf(throwing: (attempt: number) => unknown): Promise<unknown> {
  let attempts = 0;
  hub = await startTestHub({
    register: () => {
      df.app.activity('readRecord', {
        handler: asActivity<unknown>(async () => {
          attempts += 1;
          return throwing(attempts);
        }),
      });
      df.app.orchestration('asking', function* (ctx) {
        try {
          return { result: yield* perform(newExecution(ctx), 'readRecord', { runId: 'hello-1' }) };
        } catch (error) {
          const { code, message } = error as Failure;
          return { code, message };
        }
      });
    },
  });
  await hub.start('asking', 'a');
  const { output } = await hub.runToEnd('a');
  return { attempts, ...(output as object) };
}

function fail(code: Failure['code'], message: string): never {
  throw new Failure(code, message);
}

test('what works is one attempt and its result', async () => {
  expect(await seenOf(() => ({ x: 1 }))).toEqual({ attempts: 1, result: { x: 1 } });
});

test('a failure that is worth it is tried again', async () => {
  const busy = (attempt: number) => (attempt < 3 ? fail('serviceUnavailable', 'busy') : 'well');

  expect(await seenOf(busy)).toEqual({ attempts: 3, result: 'well' });
});

test("a service that stays unavailable fails the run with the service's message", async () => {
  expect(
    await seenOf(() => fail('serviceUnavailable', 'cannot make pool x at the moment: busy')),
  ).toEqual({
    attempts: 8,
    code: 'serviceUnavailable',
    message: 'cannot make pool x at the moment: busy (failed 8 times)',
  });
});

test('any other failure is the verdict at once, with its code', async () => {
  expect(await seenOf(() => fail('quotaReached', 'no cores left'))).toEqual({
    attempts: 1,
    code: 'quotaReached',
    message: 'no cores left',
  });
});

test('an internal error fails the run at once, and its message has no credentials [GD19]', async () => {
  const bug = () => {
    throw new TypeError('x is not a function at https://a/b?sig=abc');
  };

  expect(await seenOf(bug)).toEqual({
    attempts: 1,
    code: 'internal',
    message: 'x is not a function at https://a/b?sig=***',
  });
});
