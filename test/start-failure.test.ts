import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';
import { appOf } from './local/functions/app-of';
import { builtHost, temporaryFolder } from './local/functions/host-process';

const root = path.resolve(__dirname, '..');

/** Everything that the local host prints when it starts an app with this call of `registerApp`. */
function outputOf(call: string): readonly string[] {
  const { outputFiles } = buildSync({
    stdin: {
      contents: `import { registerApp } from './src/functions';\n${call}`,
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    format: 'cjs',
    packages: 'external',
    platform: 'node',
    write: false,
  });
  const app = appOf({ 'a.js': outputFiles[0]?.text ?? '' });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [builtHost(), app, '--port', '0', '--rpc-port', '0'],
    {
      cwd: temporaryFolder(),
      encoding: 'utf8',
      env: { PATH: os.devNull, FUNCTIONS_WORKER_RUNTIME: 'node' },
    },
  );
  // Lines of the log begin with the time.
  const lines = `${stdout}${stderr}`.trimEnd().split('\n');
  return [`exit code ${status ?? 'none'}`, ...lines.map((line) => line.replace(/^[\d:.]+ /, ''))];
}

const hello = `{
  name: 'hello',
  description: 'Says hello',
  pool: {},
  work: { kind: 'whole', jobManager: { command: 'node hello.mjs', programs: ['hello.mjs'] } },
}`;

test('a start that fails because of a declaration prints its validation errors and nothing else', () => {
  const wrong = `{ ...${hello}, deadlineMinutes: 1, pool: { maxnodes: 2 } }`;

  expect(
    outputOf(
      `registerApp({ workloads: [${wrong} as any], environment: {}, programsFolder: '', consoleFolder: '' });`,
    ),
  ).toEqual([
    'exit code 1',
    'error: the workloads have validation errors:',
    '  workload hello (src/workloads/hello.ts), deadlineMinutes: must be at least 5',
    '  workload hello (src/workloads/hello.ts), pool: unknown field `maxnodes`; did you mean `maxNodes`?',
  ]);
});

test('a start that fails because of a setting prints its validation errors and nothing else', () => {
  expect(
    outputOf(
      `registerApp({ workloads: [], environment: {}, programsFolder: '', consoleFolder: '' });`,
    ),
  ).toEqual([
    'exit code 1',
    'error: the app settings have validation errors:',
    '  BATCH_ACCOUNT_ENDPOINT: missing; it is the Batch account, such as https://myaccount.westeurope.batch.azure.com',
    '  AzureWebJobsStorage__blobServiceUri: missing; it is the blob endpoint of the storage account, such as https://mystorage.blob.core.windows.net (or set AzureWebJobsStorage to a connection string)',
  ]);
});

test('a start that fails because of a missing program prints where its source belongs', () => {
  const environment = `{
    BATCH_ACCOUNT_ENDPOINT: 'http://127.0.0.1:1',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  }`;

  expect(
    outputOf(
      `registerApp({ workloads: [${hello}], environment: ${environment}, programsFolder: '', consoleFolder: '' });`,
    ),
  ).toEqual([
    'exit code 1',
    'error: programs of workloads are missing:',
    '  src/workloads/hello/programs/hello.mjs (or hello.ts there, which the build compiles to .mjs)',
  ]);
});
