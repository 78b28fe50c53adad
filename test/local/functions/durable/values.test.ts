import * as df from 'durable-functions';
import type { Task } from 'durable-functions';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestHub, type TestHub } from '../../../../local/functions/testing';

// What becomes of values on their way.

let hub: TestHub;
const received: unknown[] = [];

beforeAll(async () => {
  hub = await startTestHub({ register });
});
afterAll(() => hub.close());

type Step = Generator<Task, unknown, never>;

const passed: readonly unknown[] = [
  'text',
  '123',
  '2030-01-01T00:00:00.000Z',
  5,
  1.5,
  true,
  false,
  null,
  undefined,
  { a: 1 },
  [1, 'x'],
];
const returned: readonly unknown[] = ['77', false, 0, null, undefined, { a: [1] }, 2.5, true];

function register(): void {
  df.app.activity('receive', {
    handler: (input: unknown) => {
      received.push(input);
    },
  });
  df.app.activity('giveBack', { handler: ({ index }: { index: number }) => returned[index] });
  df.app.activity('whoAmI', { handler: (_, context) => context.triggerMetadata });

  df.app.orchestration('passes', function* (context): Step {
    for (const value of passed) yield context.df.callActivity('receive', value);
    return undefined;
  });
  df.app.orchestration('getsBack', function* (context): Step {
    const results: unknown[] = [];
    for (const index of returned.keys())
      results.push(yield context.df.callActivity('giveBack', { index }));
    return results;
  });
  df.app.orchestration('shows', function* (context): Step {
    const metadata = yield context.df.callActivity('whoAmI', { colour: 'red', list: [1] });
    const { instanceId, parentInstanceId } = context.df;
    return { metadata, input: context.df.getInput(), instanceId, parent: parentInstanceId ?? null };
  });
  df.app.orchestration('child', function* (context): Step {
    return yield context.df.callSubOrchestrator('shows', 'a text', 'the-child');
  });
  df.app.orchestration('textAgain', function* (context): Step {
    if (context.df.getInput() !== 'first') return context.df.getInput();
    yield context.df.callActivity('receive', 1);
    context.df.continueAsNew('second');
    return undefined;
  });
}

test('an activity gets its input, with booleans as text and nothing for null', async () => {
  await hub.run('passes', 'v1');

  expect(received).toEqual([
    'text',
    '123',
    '2030-01-01T00:00:00.000Z',
    5,
    1.5,
    'True',
    'False',
    undefined,
    undefined,
    { a: 1 },
    [1, 'x'],
  ]);
});

test("an orchestrator gets the activity's result, null for nothing", async () => {
  expect((await hub.run('getsBack', 'v2')).output).toEqual([
    '77',
    false,
    0,
    null,
    null,
    { a: [1] },
    2.5,
    true,
  ]);
});

test('an activity gets its instance id, and the members of its input as metadata', async () => {
  const { output } = await hub.run('shows', 'v3', { Timestamp: 'x' });

  expect(output).toEqual({
    metadata: { colour: 'red', instanceId: 'v3' },
    // Unlike other members, one of this name is made a date by the library.
    input: { Timestamp: null },
    instanceId: 'v3',
    parent: null,
  });
});

test("a text passed to a child stays a text, and the child gets its parent's id", async () => {
  expect((await hub.run('child', 'v4')).output).toMatchObject({
    input: 'a text',
    instanceId: 'the-child',
    parent: 'v4',
  });
});

test('a text passed to continueAsNew comes back in quotes', async () => {
  expect((await hub.run('textAgain', 'v5', 'first')).output).toBe('"second"');
});
