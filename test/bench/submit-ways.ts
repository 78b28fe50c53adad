import { setTimeout as sleep } from 'node:timers/promises';
import { BatchServiceClient } from '@azure/batch';
import { AzureIdentityCredentialAdapter } from '@azure/ms-rest-js';
import { batchOn } from '../../src/azure/batch/batch';
import { batchErrorFrom } from '../../src/azure/batch/calls';
import { taskBody } from '../../src/azure/batch/bodies';
import { batchClientFor } from '../../src/azure/connect';
import { Failure } from '../../src/failure';
import { planRun } from '../../src/run/plan';
import type { Files } from '../../src/run/ports';
import { submitTasks } from '../../src/run/submit/submit-tasks';
import { taskSetOf } from '../../src/run/submit/task-set';
import { inputOf } from '../run/given';
import { seeded } from '../seeded';
import { checkWorkloads } from '../../src/workload/check-workloads';
import type { ActivityContext } from '../../src/run/activity-context';

/** Ways to bring tasks to Batch, each measured in a process of its own. */
export type Way = 'ours' | 'collections' | 'single';

export interface Measured {
  readonly seconds: number;
  readonly heapMb: number;
  readonly memoryMb: number;
  /** Tasks that the service has in the end. */
  readonly added: number;
  /** Why it gave up; null when it did not. */
  readonly failure: string | null;
}

export const ways: Readonly<Record<Way, (tasks: number, url: string) => Promise<Measured>>> = {
  /** With the proof that all are there. A step that cannot go on is taken again, as the engine does. */
  ours: (tasks, url) =>
    measuring(url, async () => {
      const { tools, plan, now } = given(tasks, url);
      for (let from = 0; from < tasks;) {
        try {
          const submitted = await submitTasks(tools, { plan, from, now });
          from = submitted.kind === 'all' ? tasks : submitted.from;
        } catch (error) {
          if (!(error instanceof Failure) || error.code !== 'serviceUnavailable') throw error;
        }
      }
    }),
  /** As the client's own documentation has it, with the retries that it comes with. */
  collections: (tasks, url) =>
    measuring(url, async () => {
      const client = plainClient(url);
      const all = await bodiesOf(tasks, url);
      for (let at = 0; at < all.length; at += 100) {
        await client.task.addCollection('job', all.slice(at, at + 100));
      }
    }),
  single: (tasks, url) =>
    measuring(url, async () => {
      const client = plainClient(url);
      for (const task of await bodiesOf(tasks, url)) await client.task.add('job', task);
    }),
};

const credential = {
  getToken: async () => ({ token: 'a token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
};

function plainClient(url: string): BatchServiceClient {
  return new BatchServiceClient(new AzureIdentityCredentialAdapter(credential), url);
}

/** A sweep whose tasks have a program, an output and the values of their combination. */
function given(tasks: number, url: string) {
  const workloads = checkWorkloads([
    {
      name: 'bench',
      description: 'many tasks',
      pool: {},
      work: {
        kind: 'sweep',
        task: {
          command: 'node simulate.mjs',
          programs: ['simulate.mjs'],
          outputs: [{ files: 'outputs/*', to: 'curves/{task}' }],
        },
        over: { SEED: { from: 1, to: tasks } },
        maxTasks: 1_000_000,
      },
    },
  ]);
  const client = batchClientFor(
    { batch: { endpoint: url, accountKey: null, apiVersion: null } },
    credential,
    {
      read: () => Promise.reject(new Error('there is no vault')),
    },
  );
  const { next } = seeded(1);
  const batch = batchOn(client, { pause: (ms) => sleep(ms), random: next });
  const address = 'https://nightshift.blob.core.windows.net/run-bench-in?sv=2025-11-05&sig=';
  const files: Pick<Files, 'readUrl' | 'writeUrl'> = {
    readUrl: async (_container, name) => `${address}${'s'.repeat(200)}&of=${name ?? ''}`,
    writeUrl: async () => `${address}${'s'.repeat(200)}`,
  };
  const workload = workloads.get('bench');
  if (workload === undefined) throw new Error('the workload is not there');
  const now = '2030-01-01T00:00:00.000Z';
  const occurrence = { kind: 'request', key: 'bench' } as const;
  const plan = planRun(
    workload,
    inputOf({ workload: 'bench', occurrence, parameters: {} }, now),
    now,
  );
  // Nothing else is asked for by the steps that are measured.
  const tools = { batch, files, workloads, programsFolder: '' } as unknown as ActivityContext;
  return { tools, workload, plan, now };
}

/** The same tasks, all at once, since that is what a loop over a list begins with. */
async function bodiesOf(tasks: number, url: string) {
  const { tools, workload, plan, now } = given(tasks, url);
  const set = await taskSetOf(tools, workload, plan, now);
  const bodies = [];
  for await (const task of set.slice(0, set.count)) bodies.push(taskBody(task));
  return bodies;
}

const MEGABYTE = 1024 ** 2;

async function measuring(url: string, work: () => Promise<void>): Promise<Measured> {
  let [heap, memory] = [0, 0];
  const look = (): void => {
    const { heapUsed, rss } = process.memoryUsage();
    heap = Math.max(heap, heapUsed);
    memory = Math.max(memory, rss);
  };
  const timer = setInterval(look, 20);
  const begun = performance.now();
  const failure = await work().then(
    () => null,
    (error: unknown) => batchErrorFrom(error).message,
  );
  const seconds = (performance.now() - begun) / 1000;
  look();
  clearInterval(timer);
  const added = await countOf(url);
  return { seconds, heapMb: heap / MEGABYTE, memoryMb: memory / MEGABYTE, added, failure };
}

/** Asks the service itself, until it answers. */
async function countOf(url: string): Promise<number> {
  for (;;) {
    const response = await fetch(`${url}/count`).catch(() => null);
    if (response?.ok) return ((await response.json()) as { count: number }).count;
  }
}
