import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventIn, KEY, receiver, secretsOf, type Receiver } from '../notify/given';
import { drop } from '../../local/cli/storage-access';
import {
  ask,
  begin,
  closeWorld,
  ended,
  openWorld,
  portsOf,
  textOf,
  type OwnWorld,
} from './environment';

/** Notices on the whole environment: the vault, the host and the outbox in real storage. */

test('a run that fails reaches its target signed, and no journal, log or response has the address', async () => {
  const ops = await receiver();
  const world = await openWorld({
    name: 'notices',
    app: 'testing',
    settings: { NOTIFY: '{"ops": {"on": ["failed"]}}' },
    secrets: secretsOf({ ops }),
  });
  onTestFinished(() => closeWorld(world));

  const tried = await ask(world, 'POST /api/notify/test', { to: 'ops' });
  const runId = await begin(world, 'secretive');
  const run = await ended(world, runId);
  await arrivals(ops, 2);

  expect([tried.status, tried.body]).toMatchObject([200, { delivered: true, status: 204 }]);
  expect(ops.received.map(eventIn)).toMatchObject([
    { type: 'dev.nightshift.test' },
    {
      id: `failed-${runId}`,
      type: 'dev.nightshift.run.failed',
      subject: `secretive/${runId}`,
      data: { workload: 'secretive', runId, outcome: 'failed', code: 'secretMissing' },
    },
  ]);
  const journals = filesBelow(join(world.folder, 'host'));
  const texts = [...journals, world.lines.join('\n'), JSON.stringify([tried.body, run])];
  expect(journals.some((text) => text.includes(runId))).toBe(true);
  expect(texts.filter((text) => text.includes('s3cret') || text.includes(KEY))).toEqual([]);
});

test('a failed run is retried after a restart and completes, and its notices wait for a receiver that is down', async () => {
  const ops = await receiver(503);
  const start = {
    name: 'retried',
    app: 'testing',
    settings: { NOTIFY: '{"ops": {"on": ["failed", "recovered"]}}' },
    secrets: secretsOf({ ops }),
  } as const;
  const first = await openWorld(start);
  let world: OwnWorld = first;
  onTestFinished(() => closeWorld(world));
  const mended = join(first.folder, 'mended');
  await drop(first.blobs, 'parts-in', 'one.txt', 'one');
  await drop(first.blobs, 'parts-in', 'two.txt', `fail until ${mended}`);
  const runId = await begin(first, 'parts');
  const failed = await ended(first, runId);
  writeFileSync(mended, '');
  await first.stop();
  world = await openWorld({ ...start, folder: first.folder, ports: portsOf(first.environment) });

  const { status, body } = await ask(world, `POST /api/runs/${runId}/retry`);
  const retried = await ended(world, (body as { readonly runId: string }).runId);
  const before = ops.received.length;
  ops.status = 204;
  await arrivals(ops, before + 2);

  expect([failed, { status }, retried]).toMatchObject([
    { record: { outcome: { kind: 'failed', code: 'taskFailed' } } },
    { status: 202 },
    { attempt: 1, retryOf: runId, record: { outcome: { kind: 'succeeded' } } },
  ]);
  expect(await textOf(world, retried, 'results/all.txt')).toBe(
    `one.txt: ONE\ntwo.txt: FAIL UNTIL ${mended.toUpperCase()}\n`,
  );
  const delivered = ops.received.slice(before).map(eventIn);
  expect(new Set(delivered.map(({ id }) => id))).toEqual(
    new Set([`failed-${runId}`, `recovered-${retried.runId}`]),
  );
});

/** Resolves when a receiver has got so many requests. */
function arrivals(at: Receiver, count: number): Promise<void> {
  return new Promise((resolve) => {
    at.arrived = () => at.received.length >= count && resolve();
    at.arrived();
  });
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'));
}
