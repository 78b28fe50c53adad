import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startEnvironment } from '../../local/environment';
import { lockFolder } from '../../local/folder-lock';

test('a second environment on a folder is refused before any of its parts starts', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'environment-'));
  const release = await lockFolder(folder, 'local environment');
  onTestFinished(async () => {
    await release();
    rmSync(folder, { recursive: true });
  });
  const free = { app: 0, rpc: 0, batch: 0, blob: 0, queue: 0, table: 0, vault: 0, identity: 0 };
  const lines: string[] = [];

  await expect(
    startEnvironment({
      folder,
      appFolder: folder,
      speed: 1,
      ports: free,
      machine: {},
      log: (_, line) => lines.push(line),
    }),
  ).rejects.toThrow(`Another local environment runs on ${folder};`);
  // Not even the certificate or the clock.
  expect([readdirSync(folder), lines]).toEqual([['.lock'], []]);
});
