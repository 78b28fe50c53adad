import { InvocationContext } from '@azure/functions';
import { expect, test } from 'vitest';
import { blobHandler, poisonBlobHandler } from '../../src/triggers/blob';
import { present, testApp } from '../api/given';
import { whole } from '../run/given';

const inputs = { container: 'inbox', prefix: 'today/', pattern: /-final\.csv$/ };

const watching = {
  ...whole,
  inputs,
  triggers: { blob: { container: 'inbox', endsWith: ['.csv'] } },
};

function eventOf(name: string, eTag?: string): InvocationContext {
  return new InvocationContext({
    logHandler: () => undefined,
    triggerMetadata: {
      blobTrigger: `inbox/${name}`,
      ...(eTag !== undefined && { properties: { eTag } }),
    },
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

test('events about older versions of a blob start one run, of the version that it has', async () => {
  const { app, files, hub } = testApp([{ ...watching, overlap: 'allow' }]);
  const deliver = blobHandler(app, present(app.workloads.get('hello')));
  files.put('inbox', 'today/a-final.csv', '1');

  for (const eTag of ['"older"', '"old"', '"older"'])
    await deliver(null, hub.client, eventOf('today/a-final.csv', eTag));

  expect(hub.started).toHaveLength(1);
});

test.each(['Host.Functions.hello-blob', 'host.functions.HELLO-BLOB', 'hello-blob'])(
  'a blob that the host could not deliver to %s starts its run',
  async (FunctionId) => {
    const { app, files, hub } = testApp([watching]);
    files.put('inbox', 'today/a-final.csv', 'a,b');
    const message = { FunctionId, ContainerName: 'inbox', BlobName: 'today/a-final.csv' };
    const context = new InvocationContext({ logHandler: () => undefined });

    await poisonBlobHandler(app)(message, hub.client, context);

    expect(hub.started).toHaveLength(1);
  },
);

test('a message about a blob function of another app starts nothing and stays in a queue', async () => {
  const { app, hub } = testApp([watching]);
  const message = {
    FunctionId: 'Host.Functions.other-blob',
    ContainerName: 'inbox',
    BlobName: 'today/a-final.csv',
  };
  const context = new InvocationContext({ logHandler: () => undefined });

  await expect(poisonBlobHandler(app)(message, hub.client, context)).rejects.toThrow(
    'is not about a workload of this app; it is moved to webjobs-blobtrigger-poison-poison',
  );
  expect(hub.started).toEqual([]);
});
