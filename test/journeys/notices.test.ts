import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { eventIn, KEY, receiver, secretsOf } from '../notify/given';
import { ask, begin, closeWorld, ended, openWorld } from './environment';

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

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'latin1'));
}
