import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drop } from '../../local/cli/storage-access';
import { packFolder } from '../../src/cli/package-archive';
import { containerEngine, whySkipped } from '../container-image';
import {
  ask,
  begin,
  closeWorld,
  ended,
  eventually,
  leftBy,
  onlyRecord,
  openWorld,
  planRead,
  pull,
  textOf,
  type World,
} from './environment';

/** What nodes bring along and whose they are, in whole runs. */

let world: World;
let keys: string;

function openssl(...words: string[]): void {
  const { status, stderr } = spawnSync('openssl', words, { cwd: keys, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

beforeAll(async () => {
  keys = mkdtempSync(join(tmpdir(), 'nightshift-keys-'));
  const pair = ['-keyout', 'inputs.key', '-out', 'inputs.pem', '-subj', '/CN=inputs'];
  if (hasOpenssl) openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...pair);
  const key = hasOpenssl ? readFileSync(join(keys, 'inputs.key'), 'utf8') : 'none';
  world = await openWorld({ name: 'pools', app: 'pools', secrets: { 'inputs-key': key } });
});

afterAll(async () => {
  await closeWorld(world);
  rmSync(keys, { recursive: true, force: true });
});

async function uploadTool(application: string): Promise<void> {
  const tool = join(keys, application);
  mkdirSync(tool);
  writeFileSync(join(tool, 'fit'), '#!/bin/sh\necho it fits\n');
  chmodSync(join(tool, 'fit'), 0o755);
  const archive = `${tool}.zip`;
  await packFolder(tool, archive);
  const url = `${world.environment.batch.url}/_local/applications/${application}/versions/2.0`;
  const { ok } = await fetch(url, { method: 'PUT', body: await readFile(archive) });
  expect(ok).toBe(true);
}

test.concurrent('one run reads files of set-up, preparation, shared data, mount and package, and writes to a mount [GD9, GD24, GD25, NB9, NB10, PI3, RS18, RS21]', async () => {
  await uploadTool('fit');
  await drop(world.blobs, 'atlas', 'world.txt', 'here be dragons\n');
  await drop(world.blobs, 'models', 'v2/weights.txt', 'forty-two\n');

  const run = await ended(world, await begin(world, 'gather'));

  expect(run).toMatchObject({ status: 'succeeded', cause: null });
  expect(await textOf(world, run, 'results/all.txt')).toBe(
    'set up\nprepared\nforty-two\nhere be dragons\nit fits\n',
  );
  expect(await textOf(world, run, 'mounted.txt')).toBe('by way of the mount\n');
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test.concurrent('a plan refuses a package without a version while its application has no default, and shows the default once there is one [RS19]', async () => {
  await uploadTool('bend');
  const { status, body } = await ask(world, 'POST /api/plans/unversioned', {});
  expect([status, (body as { errors: unknown }).errors]).toEqual([
    422,
    [
      expect.stringMatching(
        /^pool\.packages: .* bend has no default version, .*; name a version, /,
      ),
    ],
  ]);

  await pull(world, 'PATCH /applications/bend', { defaultVersion: '2.0' });

  expect(await planRead(world, 'unversioned')).toContain(
    '\n  package   bend: 2.0, the default version\n',
  );
});

test.concurrent('a retained pool has zero nodes after its run, and the next run reuses it and sets up its nodes [GD38, PI6, RS3]', async () => {
  const first = await ended(world, await begin(world, 'kept'));
  const { batch } = world;
  const poolOf = ({ record }: typeof first) =>
    (record?.cleanedUp ?? []).find(({ resource }) => resource === 'pool');
  const poolId = poolOf(first)?.id ?? '';
  const pool = await batch.pool.get(poolId);

  expect(poolOf(first)).toEqual({ resource: 'pool', id: poolId, state: 'kept' });
  expect([pool.currentLowPriorityNodes, pool.targetLowPriorityNodes]).toEqual([0, 0]);

  const second = await ended(world, await begin(world, 'kept'));
  expect(second).toMatchObject({ status: 'succeeded', cause: null });
  expect(poolOf(second)).toEqual(poolOf(first));
  for (const run of [first, second]) {
    expect(await textOf(world, run, 'logs/job-manager/stdout.txt')).toBe('a word\n');
  }
  expect((await batch.pool.get(poolId)).creationTime).toEqual(pool.creationTime);
});

test.concurrent('an existing pool does the work and is left unchanged [PI6]', async () => {
  const { batch } = world;
  await batch.pool.add({
    id: 'shared-pool',
    vmSize: 'standard_d2s_v5',
    virtualMachineConfiguration: {
      imageReference: { publisher: 'canonical', offer: 'ubuntu-24_04-lts', sku: 'server' },
      nodeAgentSKUId: 'batch.node.ubuntu 24.04',
    },
    targetDedicatedNodes: 1,
  });

  const run = await ended(world, await begin(world, 'guest'));

  expect(run).toMatchObject({ status: 'succeeded', nodeMinutes: 0 });
  const pool = await batch.pool.get('shared-pool');
  expect([pool.state, pool.targetDedicatedNodes]).toEqual(['active', 1]);
  await batch.pool.deleteMethod('shared-pool');
  await eventually(world, 'the end of the pool', async () => {
    const { body: isThere } = await batch.pool.exists('shared-pool');
    return isThere ? undefined : true;
  });
});

test.skipIf(!hasOpenssl)(
  'inputs that are encrypted before the upload are decrypted on the node only [PY6]',
  async () => {
    writeFileSync(join(keys, 'sales.csv'), 'november,42\n');
    const envelope = ['-outform', 'DER', '-out', 'sales.cms', 'inputs.pem'];
    openssl('cms', '-encrypt', '-binary', '-aes-256-gcm', '-in', 'sales.csv', ...envelope);
    await drop(world.blobs, 'sealed-in', 'sales.cms', readFileSync(join(keys, 'sales.cms')));

    const run = await ended(world, await begin(world, 'sealed'));

    expect(run).toMatchObject({ status: 'succeeded', cause: null });
    expect(await textOf(world, run, 'results/all.txt')).toBe('november,42\n');
  },
);

const engine = containerEngine();
const skipped = whySkipped(engine);

test.skipIf(skipped !== '')(
  `a run whose tasks are all containers is like any other [NB1, NB2, NB3, GD32]${skipped}`,
  async () => {
    const run = await ended(world, await begin(world, 'boxed'));

    expect(run).toMatchObject({ status: 'succeeded', cause: null });
    expect(await textOf(world, run, 'results/all.txt')).toBe(
      '1 mine yes\n2 mine yes\n3 mine yes\n',
    );
    expect(await leftBy(world, run)).toEqual(onlyRecord(run));
  },
);

test.concurrent('a preparation that fails on every node ends the run with its stderr as the cause, and billing stops [NB16]', async () => {
  const run = await ended(world, await begin(world, 'unready'));

  expect(run).toMatchObject({
    status: 'failed',
    cause: {
      code: 'preparationFailed',
      message:
        'the job preparation failed on 1 node and no usable node is left: the licence server is away',
    },
  });
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test.concurrent('a pool that does not exist is named, and no job is created', async () => {
  const run = await ended(world, await begin(world, 'homeless'));

  expect(run).toMatchObject({
    status: 'failed',
    cause: {
      code: 'badSpecification',
      message: 'pool.existing "nowhere" cannot be used: the pool does not exist',
    },
  });
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});
