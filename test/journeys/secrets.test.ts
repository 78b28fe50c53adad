import { createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drop } from '../../local/cli/storage-access';
import {
  ask,
  begin,
  closeWorld,
  ended,
  openWorld,
  pull,
  textOf,
  when,
  type OwnWorld,
} from './environment';

/** Where a secret goes, where it does not, and who can come in. */

const CANARY = 'canary-7d1f0c52b9e84a36-of-the-report-signing-key';

let world: OwnWorld;
beforeAll(async () => {
  const secrets = { 'report-signing-key': CANARY };
  world = await openWorld({ name: 'secrets', secrets });
});
afterAll(() => closeWorld(world));

test('a secret reaches its task and nothing else: no journal, state, log, response, record or Batch object [GD16, GD19]', async () => {
  await drop(world.blobs, 'reports-in', 'rain.csv', 'day,mm\n2030-01-01,3\n');
  // Without machines the pool and the job stay as they are until they have been looked at.
  await pull(world, 'PUT /supply', { nodes: 0 });
  const runId = await begin(world, 'nightly-report');
  await when(world, runId, 'the job', ({ phase }) => phase === 'watching');
  const shown = [await batchObjects(runId), await answersAbout(runId)];
  await pull(world, 'PUT /supply', { nodes: -1 });
  const run = await ended(world, runId);
  shown.push(await answersAbout(runId), JSON.stringify(run), world.lines.join('\n'));
  const kept = ['host', join('batch', 'state')].flatMap((part) =>
    filesBelow(join(world.folder, part)),
  );

  // The task had it.
  const summary = await textOf(world, run, 'results/summary.json');
  expect(await textOf(world, run, 'results/summary.json.sig')).toBe(
    createHmac('sha256', CANARY).update(summary).digest('hex'),
  );
  // What is searched is the right thing: it knows the run.
  expect(shown.map((text) => text.includes(runId))).toEqual(shown.map(() => true));
  expect(kept.filter(({ text }) => text.includes(runId)).map(({ top }) => top)).toEqual(
    expect.arrayContaining(['host', 'batch']),
  );
  const forms = [CANARY, Buffer.from(CANARY).toString('base64'), encodeURIComponent(CANARY)];
  const leaks = [...shown, ...kept.map(({ text }) => text)].filter((text) =>
    forms.some((form) => text.includes(form)),
  );
  expect(leaks).toEqual([]);
});

test("no credential for an account or a container is in the host's journal, a log or a response [GD19]", async () => {
  const { batch, storage } = world.environment;
  const kept = filesBelow(join(world.folder, 'host')).map(({ text }) => text);
  const texts = [
    ...kept,
    world.lines.join('\n'),
    JSON.stringify((await ask(world, 'GET /api/runs')).body),
  ];

  const keys = [batch.key, storage.account.key];
  expect(texts.filter((text) => keys.some((key) => text.includes(key)))).toEqual([]);
  expect(texts.flatMap((text) => text.match(/sig=[^&"*\s]{8,}|eyJ[\w-]{20,}\./g) ?? [])).toEqual(
    [],
  );
});

/** All that the Batch service shows of a run. */
async function batchObjects(runId: string): Promise<string> {
  const { batch } = world;
  return JSON.stringify([
    await batch.pool.list(),
    await batch.pool.get(runId),
    await batch.computeNode.list(runId),
    await batch.job.list(),
    await batch.job.get(runId),
    await batch.task.list(runId),
    await batch.task.get(runId, 'job-manager'),
  ]);
}

/** All that the app answers about a run. */
async function answersAbout(runId: string): Promise<string> {
  const calls = ['GET /api/runs', `GET /api/runs/${runId}`, `GET /api/runs/${runId}/outputs`];
  const answers = await Promise.all(calls.map((call) => ask(world, call)));
  return JSON.stringify(answers.map(({ body }) => body));
}

interface Kept {
  /** The part whose it is. */
  readonly top: string;
  readonly text: string;
}

function filesBelow(folder: string): Kept[] {
  const top = folder.slice(world.folder.length + 1).split('/')[0] ?? '';
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => existsSync(file) && statSync(file).isFile())
    .map((file) => ({ top, text: readFileSync(file, 'latin1') }));
}

test.skipIf(process.platform !== 'linux')(
  'every server listens on the loopback address only',
  () => {
    const pids = [process.pid, ...world.parts.map(({ pid }) => pid ?? 0)];

    const addresses = pids.flatMap(listensOn);

    // Blob, queue, table, Batch, vault, identity, the app, the durable client.
    expect(addresses.length).toBeGreaterThanOrEqual(8);
    expect(new Set(addresses)).toEqual(new Set([LOOPBACK]));
  },
);

/** 127.0.0.1, as /proc writes it: byte by byte from the end. */
const LOOPBACK = '0100007F';
const LISTENING = '0A';

/** The local addresses on which a process takes connections. */
function listensOn(pid: number): string[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        // Closed since it was listed.
        return [];
      }
    }),
  );
  return ['tcp', 'tcp6'].flatMap((table) => {
    const rows = readFileSync(`/proc/${pid}/net/${table}`, 'utf8').trim().split('\n').slice(1);
    return rows.flatMap((row) => {
      const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
      return state === LISTENING && own.has(inode) ? [local.split(':')[0] ?? ''] : [];
    });
  });
}
