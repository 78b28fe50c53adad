import type { DurableClient } from 'durable-functions';
import { expect, test } from 'vitest';
import { isOnEngine, purgeInstances } from '../src/instances';
import { RUN_ORCHESTRATION } from '../src/run/workflow';

/** The terms of one run on the engine. */

function engineWith(statuses: Readonly<Record<string, string>>) {
  const purged: string[] = [];
  const port = {
    getStatus: async (id: string) => {
      const runtimeStatus = statuses[id];
      if (runtimeStatus === undefined) {
        throw new Error('DurableClient error: the extension replied with HTTP 404 response.');
      }
      return { name: RUN_ORCHESTRATION, runtimeStatus };
    },
    purgeInstanceHistory: async (id: string) => {
      purged.push(id);
    },
  };
  return { client: port as unknown as DurableClient, purged };
}

test.each([
  ['no orchestration', {}, false],
  ['an orchestration that has ended', { 'hello-1': 'Completed' }, false],
  ['an orchestration of the first term', { 'hello-1': 'Running' }, true],
  ['one that is pending in a later term', { 'hello-1': 'Failed', 'hello-1_2': 'Pending' }, true],
  ['one of the last term alone', { 'hello-1_3': 'Running' }, true],
  ['one of another run', { 'hello-2': 'Running' }, false],
])(
  'a run is on the engine while one of its terms is active: %s',
  async (_what, statuses, expected) => {
    expect(await isOnEngine(engineWith(statuses).client, 'hello-1')).toBe(expected);
  },
);

test('the histories of all terms of a run are purged, and of no other run', async () => {
  const statuses = { 'hello-1': 'Failed', 'hello-1_2': 'Completed', 'hello-2': 'Completed' };
  const { client, purged } = engineWith(statuses);

  await purgeInstances(client, 'hello-1');

  expect(purged).toEqual(['hello-1', 'hello-1_2']);
});
