import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEnvironment } from '../../local/environment';
import { ask, closeWorld, freshFolder, openWorld, optionsOf, root, worldAt } from './environment';

/** What an editor's debugger finds of the processes of an environment that was started under it. */
async function foundBy(variables: (bootloader: string) => Record<string, string>) {
  const folder = freshFolder('debugger');
  const found = join(folder, 'found.txt');
  const bootloader = join(folder, 'bootloader.cjs');
  const note = `require('fs').appendFileSync(${JSON.stringify(found)}, process.argv[1] + '\\n');`;
  writeFileSync(bootloader, note);
  const options = await optionsOf({ name: 'debugger', folder });
  const environment = await startEnvironment({
    ...options,
    machine: { ...options.machine, ...variables(bootloader) },
    log: () => undefined,
  });
  const lines = existsSync(found) ? readFileSync(found, 'utf8').trim().split('\n') : [];
  await closeWorld(worldAt(environment, folder, [], () => environment.stop()));
  return lines;
}

test('started by VS Code, the process of the app attaches to the debugger, so that breakpoints are hit', async () => {
  const found = await foundBy((bootloader) => ({
    NODE_OPTIONS: `--require ${JSON.stringify(bootloader)}`,
    VSCODE_INSPECTOR_OPTIONS: ':::{"inspectorIpc":"/tmp/none.sock"}',
  }));
  expect(found).toEqual([join(root, 'dist/local/functions/main.js')]);
});

test('other Node.js options of this machine do not reach the app', async () => {
  const found = await foundBy((bootloader) => ({ NODE_OPTIONS: `--require ${bootloader}` }));
  expect(found).toEqual([]);
});

test('settings for Core Tools, which name another storage, do not reach the app here', async () => {
  const folder = freshFolder('settings');
  mkdirSync(join(folder, 'app'), { recursive: true });
  const Values = {
    AzureWebJobsStorage:
      'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a;',
    BATCH_ACCOUNT_NAME: 'somebody',
    BATCH_ACCOUNT_KEY: 'a2V5',
  };
  writeFileSync(join(folder, 'app', 'local.settings.json'), JSON.stringify({ Values }));
  const world = await openWorld({ name: 'settings', app: 'testing', folder });
  const { status } = await ask(world, 'GET /api/runs');
  await closeWorld(world);
  expect(status).toBe(200);
});
