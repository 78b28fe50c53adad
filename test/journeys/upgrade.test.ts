import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasEnded } from '../../local/cli/runs';
import { ask, closeWorld, eventually, openWorld, runsOf, type OwnWorld } from './environment';

/**
 * An app that is upgraded while two runs of the version without a ledger are active. The journal of
 * the Functions host in `former-state` was written by that version: `render` is in its watch, and
 * `nightly-report` is cleaning up.
 */

const RENDER = 'render-ec6e7322e253ab4b';
const REPORT = 'nightly-report-16ac86e0a478b09a';
const ACTIVE = [
  { runId: RENDER, workload: 'render' },
  { runId: REPORT, workload: 'nightly-report' },
];

let world: OwnWorld;

beforeAll(async () => {
  // A first start makes what is there at every upgrade: an account, storage, an empty task hub.
  const first = await openWorld({ app: 'shipped', name: 'upgrade' });
  for (const active of ACTIVE) await addFormer(first, active);
  await first.stop();
  const { folder } = first;
  rmSync(join(folder, 'storage', '__azurite_db_table__.json'));
  const journal = join(folder, 'host', 'durable');
  rmSync(journal, { recursive: true });
  mkdirSync(journal, { recursive: true });
  cpSync(join(__dirname, 'former-state', 'journal-0.jsonl'), join(journal, 'journal-0.jsonl'));
  world = await openWorld({ app: 'shipped', name: 'upgrade', folder });
});
afterAll(() => closeWorld(world));

/** The pool, job and containers of a run as the former version marked them. */
async function addFormer(
  { batch, blobs }: OwnWorld,
  { runId, workload }: { readonly runId: string; readonly workload: string },
): Promise<void> {
  const metadata = [
    { name: 'nightshift-run', value: runId },
    { name: 'nightshift-workload', value: workload },
  ];
  await batch.pool.add({
    id: runId,
    metadata,
    vmSize: 'standard_d2s_v5',
    virtualMachineConfiguration: {
      imageReference: { publisher: 'canonical', offer: 'ubuntu-24_04-lts', sku: 'server' },
      nodeAgentSKUId: 'batch.node.ubuntu 24.04',
    },
  });
  await batch.job.add({ id: runId, metadata, poolInfo: { poolId: runId } });
  for (const suffix of ['in', 'out']) {
    const container = blobs.getContainerClient(`run-${runId}-${suffix}`);
    const labels = { nightshiftrun: runId, nightshiftworkload: workload };
    await container.create({ metadata: labels });
    await container.getBlockBlobClient('file').upload('content', 7);
  }
}

/** Names of what is left of both runs. */
async function left({ batch, blobs }: OwnWorld): Promise<readonly string[]> {
  const names: string[] = [];
  for (const { id } of await batch.pool.list()) names.push(`pool ${id}`);
  for (const { id } of await batch.job.list()) names.push(`job ${id}`);
  for await (const { name } of blobs.listContainers({ prefix: 'run-' })) names.push(name);
  return names.toSorted();
}

test('runs that are active at the upgrade end in a record and leave their outputs alone', async () => {
  const ended = await eventually(world, 'both runs to end', async () => {
    const runs = [...(await runsOf(world, 'render')), ...(await runsOf(world, 'nightly-report'))];
    return runs.length === 2 && runs.every(hasEnded) ? runs : undefined;
  });

  expect(ended.map(({ workload, status, cause }) => [workload, status, cause?.code])).toEqual([
    ['render', 'failed', 'workloadChanged'],
    ['nightly-report', 'failed', 'workloadChanged'],
  ]);
  expect(await left(world)).toEqual([`run-${REPORT}-out`, `run-${RENDER}-out`]);
});

test('a request whose key ran under a former id is answered with its run, and starts no other', async () => {
  const { status, body } = await ask(
    world,
    'POST /api/runs/nightly-report',
    { parameters: {} },
    { 'Idempotency-Key': 'k2' },
  );

  const [known] = await runsOf(world, 'nightly-report');
  expect([status, body]).toEqual([
    202,
    expect.objectContaining({ runId: known?.runId, isNew: false }),
  ]);
  expect(await runsOf(world, 'nightly-report')).toHaveLength(1);
});
