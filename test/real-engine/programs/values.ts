import * as df from 'durable-functions';
import type { Step } from './steps';

/** Values on their way to and from activities, children and generations. */

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
  { a: 1, time: '2030-01-01T00:00:00.000Z' },
  [1, 'x'],
];
const returned: readonly unknown[] = [
  '77',
  '2030-01-01T00:00:00.000Z',
  false,
  0,
  null,
  undefined,
  { a: [1], time: '2030-01-01T00:00:00.000Z' },
  2.5,
  true,
];

const received = new Map<string, unknown[]>();

export function receivedBy(id: string): readonly unknown[] {
  return received.get(id) ?? [];
}

export function registerValues(): void {
  df.app.activity('receive', {
    handler: (input: unknown, context) => {
      const id = String(context.triggerMetadata?.['instanceId']);
      received.set(id, [...receivedBy(id), input === undefined ? 'undefined' : input]);
    },
  });
  df.app.activity('giveBack', { handler: ({ index }: { index: number }) => returned[index] });
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
    const { instanceId, parentInstanceId } = context.df;
    yield context.df.callActivity('say', 'x');
    return { input: context.df.getInput(), instanceId, parent: parentInstanceId ?? null };
  });
  df.app.orchestration('showsChild', function* (context): Step {
    const id = `${context.df.instanceId}-child`;
    return yield context.df.callSubOrchestrator('shows', context.df.getInput(), id);
  });
  df.app.orchestration('textAgain', function* (context): Step {
    if (context.df.getInput() !== 'first') return context.df.getInput();
    yield context.df.callActivity('say', 'x');
    context.df.continueAsNew('second');
    return undefined;
  });
}
