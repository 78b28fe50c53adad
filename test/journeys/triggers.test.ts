import { createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drop, fetchAll } from '../../local/cli/storage-access';
import type { Run } from '../../local/cli/runs';
import { pyramidPly } from '../workloads/render/meshes';
import {
  ask,
  begin,
  closeWorld,
  ended,
  eventually,
  leftBy,
  onlyRecord,
  openWorld,
  pull,
  root,
  runsOf,
  when,
  type World,
} from './environment';

/** Both shipped workloads, from what starts them to what they leave on a person's disk. */

const SIGNING_KEY = 'the-key-that-signs-the-reports-of-this-test';

let world: World;
let disk: string;
beforeAll(async () => {
  world = await openWorld({ name: 'triggers', secrets: { 'report-signing-key': SIGNING_KEY } });
  disk = mkdtempSync(join(tmpdir(), 'nightshift-journey-'));
});
afterAll(async () => {
  await closeWorld(world);
  rmSync(disk, { recursive: true, force: true });
});

/** Pool, job, staging, outputs. */
const ALL_GONE = Array.from({ length: 4 }, () => expect.objectContaining({ state: 'deleted' }));

function bring({ runId }: Run, prefix: string): Promise<string[]> {
  return fetchAll(world.blobs, `run-${runId}-out`, prefix, join(disk, runId));
}

test('a report on an empty container succeeds without a task, and never requests a pool [RS2, RS3]', async () => {
  await world.blobs.getContainerClient('reports-in').create();
  const trap = { verb: 'POST', path: '/pools', action: 'status', status: 500 };
  await pull(world, 'POST /faults', trap);

  const run = await ended(world, await begin(world, 'nightly-report'));

  // Nobody has walked into it.
  expect(await pull(world, 'GET /faults')).toEqual([{ ...trap, left: 1 }]);
  await pull(world, 'DELETE /faults');
  expect(run).toMatchObject({
    status: 'succeeded',
    tasks: { active: 0, running: 0, succeeded: 0, failed: 0 },
    nodeMinutes: 0,
    record: { outputsKeptUntil: null, cleanedUp: ALL_GONE },
  });
  expect(await leftBy(world, run)).toEqual(onlyRecord(run, 'gone'));
});

test('a POST is answered at once, and its run leaves a signed report [GD20, GD21, GD22, GD35, GD37, GD38, GD40, RS26, RS30]', async () => {
  await drop(world.blobs, 'reports-in', 'rain.csv', 'day,mm\n2030-01-01,3\n2030-01-02,5\n');

  const { status, headers, body } = await ask(world, 'POST /api/runs/nightly-report', {
    parameters: { title: 'Rain' },
  });
  const { runId } = body as { runId: string };
  const address = `${world.environment.appUrl}/api/runs/${runId}`;
  const run = await ended(world, runId);
  await bring(run, '');

  expect({ status, location: headers.get('location'), body }).toEqual({
    status: 202,
    location: address,
    body: { runId, workload: 'nightly-report', isNew: true, statusUrl: address },
  });
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  const read = (file: string) => readFileSync(join(disk, runId, file), 'utf8');
  const summary = read('results/summary.json');
  expect(JSON.parse(summary)).toMatchObject({
    totals: { read: 1, skipped: 0, rows: 2 },
    files: [{ kind: 'read', name: 'rain.csv', rows: 2 }],
  });
  expect(read('results/summary.json.sig')).toBe(
    createHmac('sha256', SIGNING_KEY).update(summary).digest('hex'),
  );
  expect(read('results/chart.svg')).toContain('Rain');
  expect(read('logs/job-manager/stdout.txt')).toContain('1 files with 2 rows described');
  expect(run.record?.cleanedUp).toEqual([
    { resource: 'job', id: runId, state: 'deleted' },
    { resource: 'pool', id: runId, state: 'deleted' },
    { resource: 'staging', id: `run-${runId}-in`, state: 'deleted' },
    { resource: 'outputs', id: `run-${runId}-out`, state: 'kept' },
  ]);
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test('the latest run of a workload is shown with its tasks and its files in one step [RS31]', async () => {
  const { body } = await ask(world, 'GET /api/workloads/nightly-report/latest');

  expect(body).toMatchObject({
    run: {
      workload: 'nightly-report',
      tasks: { succeeded: 1, failed: 0 },
      record: {
        results: [
          { name: 'results/chart.svg' },
          { name: 'results/summary.json' },
          { name: 'results/summary.json.sig', bytes: 64 },
        ],
        logs: ['logs/job-manager/stderr.txt', 'logs/job-manager/stdout.txt'],
      },
    },
  });
});

test('a request repeated with its idempotency key is one run, and a different request with that key is refused', async () => {
  const before = (await runsOf(world, 'nightly-report')).length;
  const post = (title: string) =>
    ask(world, 'POST /api/runs/nightly-report', { parameters: { title } }, key);
  const key = { 'Idempotency-Key': 'the report of 1 January' };

  const [one, same] = await Promise.all([post('January'), post('January')]);
  const { runId } = one.body as { runId: string };
  await ended(world, runId);
  const later = await post('January');
  const other = await post('February');

  expect([one, same, later].map(({ status }) => status)).toEqual([202, 202, 202]);
  expect([same, later].map(({ body }) => (body as { runId: string }).runId)).toEqual([
    runId,
    runId,
  ]);
  expect(later.body).toMatchObject({ isNew: false });
  expect(other.status).toBe(422);
  expect(other.headers.get('content-type')).toBe('application/problem+json');
  expect(other.body).toEqual({
    type: 'urn:nightshift:keyReused',
    title: 'keyReused',
    status: 422,
    detail: `the idempotency key was used for another request (run ${runId}); send a new key with a new request`,
  });
  expect(await runsOf(world, 'nightly-report')).toHaveLength(before + 1);
});

/** Safe as long as it is nobody's command line and nobody's path. */
const HOSTILE = `a'; touch x; '.ply`;

test('each version of an uploaded file is one run, however often its event arrives and whatever its name [RS26, RS28, RS30, GD35, GD37, GD38, GD40]', async () => {
  // Without machines the first run stays where it has its own copy of what it works on.
  await pull(world, 'PUT /supply', { nodes: 0 });
  await drop(world.blobs, 'inbox', HOSTILE, pyramidPly);
  const first = await startedBy(world, 'render', 1);
  await when(world, first, 'the job', ({ phase }) => phase === 'watching');
  await drop(world.blobs, 'inbox', HOSTILE, 'a mesh that is no mesh');
  const second = await startedBy(world, 'render', 2);
  await pull(world, 'PUT /supply', { nodes: -1 });
  await notify(HOSTILE);
  await notify(HOSTILE);
  await eventually(world, 'a second event', async () =>
    world.lines.some((line) =>
      line.includes(`run ${second} had already been started for this blob`),
    )
      ? true
      : undefined,
  );

  const [drawn, refused] = [await ended(world, first), await ended(world, second)];

  expect(await runsOf(world, 'render')).toHaveLength(2);
  expect(drawn).toMatchObject({
    status: 'succeeded',
    tasks: { active: 0, running: 0, succeeded: 14, failed: 0 },
  });
  const [picture = ''] = await bring(drawn, 'results/');
  const { width, height } = PNG.sync.read(readFileSync(picture));
  expect({ width, height }).toEqual({ width: 960, height: 720 });
  expect(refused).toMatchObject({
    status: 'failed',
    cause: {
      code: 'jobManagerFailed',
      message: `the job manager failed with exit code 1: inputs/0001.ply ("${HOSTILE}"): the file is neither PLY nor OBJ; it begins with "a mesh that is no mesh".`,
    },
  });
  expect(filesCalled('x')).toEqual([]);
  for (const run of [drawn, refused]) expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

/** Wherever a process of the environment may have had its working directory. */
function filesCalled(name: string): string[] {
  const everywhere = readdirSync(world.folder, { recursive: true, encoding: 'utf8' });
  return [...everywhere, ...readdirSync(root)].filter((file) => basename(file) === name);
}

/** The id of the newest run, when there are so many. */
function startedBy(world: World, workload: string, count: number): Promise<string> {
  return eventually(world, `run ${count} of ${workload}`, async () => {
    const runs = await runsOf(world, workload);
    return runs.length === count ? runs[0]?.runId : undefined;
  });
}

/** The event of a blob again: as Event Grid delivers it, and to the function itself. */
async function notify(name: string): Promise<void> {
  const event = {
    eventType: 'Microsoft.Storage.BlobCreated',
    data: { url: `${world.environment.storage.blobUrl}/inbox/${encodeURIComponent(name)}` },
  };
  const hook = '/runtime/webhooks/blobs?functionName=Host.Functions.render-blob';
  expect((await ask(world, `POST ${hook}`, [event])).status).toBe(202);
  expect(
    (await ask(world, 'POST /admin/functions/render-blob', { input: `inbox/${name}` })).status,
  ).toBe(202);
}
