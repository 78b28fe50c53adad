import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

/** What a person runs beside the environment, as it is built. */
const built = path.resolve(__dirname, '..', '..', '..', 'dist', 'local', 'cli');

function run(command: string, ...words: readonly string[]) {
  const file = path.join(built, `${command}.js`);
  const { status, stderr } = spawnSync(process.execPath, [file, ...words], { encoding: 'utf8' });
  return { status, stderr };
}

test.each(['drop', 'fetch', 'plan', 'pack'])('npm run %s says how it is used', (command) => {
  const usage = expect.stringMatching(new RegExp(`^npm run ${command} -- <`)) as string;

  expect(run(command)).toEqual({ status: 2, stderr: usage });
  expect(run(command, '--help')).toEqual({ status: 2, stderr: usage });
  expect(run(command, 'x', '--nix')).toEqual({
    status: 2,
    stderr: expect.stringMatching(`^Unknown option '--nix'\nnpm run ${command} -- <`) as string,
  });
});

test('a setting for the environment is a name and a value', () => {
  const switchedOff = 'AzureWebJobs.render-blob.Disabled=true';
  expect(run('up', '--setting', switchedOff, '--setting', 'NODE_PRICES')).toEqual({
    status: 1,
    stderr: '--setting must be NAME=value, not "NODE_PRICES"\n',
  });
});
