import { InvocationContext } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import { expect, test } from 'vitest';
import { blobHandler } from '../../src/triggers/blob';
import { MemoryBatch, secretsFrom } from '../fakes';
import { MemoryFiles } from '../memory-files';
import { checked, whole } from '../run/given';

const inputs = { container: 'inbox', prefix: 'today/', pattern: /-final\.csv$/ };

/** The number of runs that a new blob of this name starts. */
async function startedBy(name: string): Promise<number> {
  const workload = checked({
    ...whole,
    inputs,
    triggers: { blob: { container: 'inbox', endsWith: ['.csv'] } },
  });
  const files = new MemoryFiles();
  files.put('inbox', name, 'a,b');
  let started = 0;
  const client = {
    getStatus: () => Promise.reject(new Error('replied with HTTP 404 response')),
    startNew: async () => {
      started += 1;
      return 'x';
    },
  } as unknown as DurableClient;
  const context = new InvocationContext({
    logHandler: () => undefined,
    triggerMetadata: { blobTrigger: `inbox/${name}` },
  });
  const ports = { files, batch: new MemoryBatch(), secrets: secretsFrom({}) };
  await blobHandler(ports, workload)(null, client, context);
  return started;
}

test.each([
  ['today/a-final.csv', 1],
  ['yesterday/a-final.csv', 0],
  ['today/a-draft.csv', 0],
  ['today/a-final.csv.part', 0],
])('a new blob starts a run only if it counts among the inputs: %s, %i', async (name, runs) => {
  expect(await startedBy(name)).toBe(runs);
});
