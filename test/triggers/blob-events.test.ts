import { InvocationContext } from '@azure/functions';
import { expect, test } from 'vitest';
import { blobHandler } from '../../src/triggers/blob';
import { present, testApp } from '../api/given';
import { whole } from '../run/given';

const inputs = { container: 'inbox', prefix: 'today/', pattern: /-final\.csv$/ };

const watching = {
  ...whole,
  inputs,
  triggers: { blob: { container: 'inbox', endsWith: ['.csv'] } },
};

function eventOf(name: string): InvocationContext {
  return new InvocationContext({
    logHandler: () => undefined,
    triggerMetadata: { blobTrigger: `inbox/${name}` },
  });
}

/** The number of runs that a new blob of this name starts. */
async function startedBy(name: string): Promise<number> {
  const { app, files, hub } = testApp([watching]);
  files.put('inbox', name, 'a,b');
  await blobHandler(app, present(app.workloads.get('hello')))(null, hub.client, eventOf(name));
  return hub.started.length;
}

test.each([
  ['today/a-final.csv', 1],
  ['yesterday/a-final.csv', 0],
  ['today/a-draft.csv', 0],
  ['today/a-final.csv.part', 0],
])('a new blob starts a run only if it counts among the inputs: %s, %i', async (name, runs) => {
  expect(await startedBy(name)).toBe(runs);
});

test('an event that comes again starts no other run, and one about a new version does', async () => {
  const { app, files, hub } = testApp([{ ...watching, overlap: 'allow' }]);
  const deliver = blobHandler(app, present(app.workloads.get('hello')));
  files.put('inbox', 'today/a-final.csv', '1');

  await deliver(null, hub.client, eventOf('today/a-final.csv'));
  await deliver(null, hub.client, eventOf('today/a-final.csv'));
  expect(hub.started).toHaveLength(1);
  files.put('inbox', 'today/a-final.csv', '2');
  await deliver(null, hub.client, eventOf('today/a-final.csv'));
  expect(new Set(hub.started).size).toBe(2);
});
