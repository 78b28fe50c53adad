import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { packFolder } from '../../../src/cli/package-archive';
import { newFolder, SHARED } from './scripts';

const noPython = spawnSync('python3', ['--version']).status !== 0;
const reason = noPython ? ', skipped as python3 is missing' : '';

/** The working directory of a preparation task with these archives, and the script in it. */
async function preparationWith(archives: readonly (Buffer | 'tool')[]) {
  const folder = newFolder();
  const tool = path.join(folder, 'tool');
  mkdirSync(path.join(tool, 'bin'), { recursive: true });
  writeFileSync(path.join(tool, 'bin', 'fit'), '#!/bin/sh\necho it fits "$@"\n', { mode: 0o755 });
  writeFileSync(path.join(tool, 'read me.txt'), 'text\n', { mode: 0o600 });
  mkdirSync(path.join(folder, 'packages'));
  for (const [index, archive] of archives.entries()) {
    const file = path.join(folder, 'packages', `${index}.zip`);
    if (archive === 'tool') await packFolder(tool, file);
    else writeFileSync(file, archive);
  }
  const run = (...args: string[]) => {
    const script = path.join(SHARED, 'unpack-packages.sh');
    const { status, stdout, stderr } = spawnSync('/bin/sh', [script, ...args], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, stdout, last: stderr.trim().split('\n').at(-1) };
  };
  return { folder, run };
}

test.skipIf(noPython)(
  `packages are unpacked once, with their executable files, before the command runs [RS20]${reason}`,
  async () => {
    const { folder, run } = await preparationWith(['tool', 'tool']);
    const command = ['0', '1', '--', 'packages/1/bin/fit', 'a  b', '$HOME'];

    const first = run(...command);
    writeFileSync(path.join(folder, 'packages', '0', 'kept.txt'), 'kept');
    const again = run(...command);

    expect([first, again]).toEqual([
      { status: 0, stdout: 'it fits a  b $HOME\n', last: '' },
      { status: 0, stdout: 'it fits a  b $HOME\n', last: '' },
    ]);
    expect(readFileSync(path.join(folder, 'packages', '0', 'kept.txt'), 'utf8')).toBe('kept');
    const modeOf = (name: string) => statSync(path.join(folder, 'packages/0', name)).mode & 0o777;
    // Tasks run as other users than the preparation.
    expect([modeOf('bin/fit') & 0o555, modeOf('read me.txt') & 0o444]).toEqual([0o555, 0o444]);
  },
);

test.skipIf(noPython)(
  `an archive that is damaged fails the preparation, which names it [RS20]${reason}`,
  async () => {
    const { run } = await preparationWith([Buffer.from('not an archive')]);

    expect(run('0', '--', 'echo', 'began')).toEqual({
      status: 1,
      stdout: '',
      last: 'The package packages/0.zip cannot be unpacked.',
    });
  },
);
