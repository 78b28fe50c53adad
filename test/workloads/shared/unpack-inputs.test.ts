import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { newFolder, noBash, SHARED } from './scripts';

/** A working directory with these inputs. */
function inputsOf(files: Readonly<Record<string, Buffer | string>>) {
  const folder = newFolder();
  mkdirSync(path.join(folder, 'inputs'));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(folder, 'inputs', name), content);
  }
  const unpack = (...command: string[]) => {
    const script = path.join(SHARED, 'unpack-inputs.sh');
    const { status, stdout, stderr } = spawnSync('/bin/sh', [script, ...command], {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, stdout, last: stderr.trim().split('\n').at(-1) };
  };
  return {
    folder,
    unpack,
    read: (name: string) => readFileSync(path.join(folder, 'inputs', name), 'utf8'),
  };
}

/** A tar archive of two files. */
function archive(): Buffer {
  const folder = newFolder();
  mkdirSync(path.join(folder, 'deep'));
  writeFileSync(path.join(folder, 'one.txt'), 'one\n');
  writeFileSync(path.join(folder, 'deep', 'two.txt'), 'two\n');
  return spawnSync('tar', ['-cf', '-', 'one.txt', 'deep'], { cwd: folder }).stdout;
}

test.skipIf(noBash)(
  'large inputs travel compressed and are unpacked on the node, under the names that the task knows [GD8]',
  () => {
    const { unpack, read } = inputsOf({
      '0001.gz': gzipSync('date,value\n'),
      '0002.csv': 'as it is\n',
      '0003.tgz': gzipSync(archive()),
      '0004.tar': archive(),
      '0005.gz': gzipSync(archive()),
    });

    expect(unpack('--', 'cat', 'inputs/0001.gz')).toEqual({
      status: 0,
      stdout: 'date,value\n',
      last: '',
    });
    expect(read('0002.csv')).toBe('as it is\n');
    for (const name of ['0003.tgz', '0004.tar', '0005.gz']) {
      expect([read(`${name}/one.txt`), read(`${name}/deep/two.txt`)]).toEqual(['one\n', 'two\n']);
    }
  },
);

test.skipIf(noBash)('another attempt in the same directory finds the work done', () => {
  const twice = gzipSync(gzipSync('in two boxes\n'));
  const { unpack, read, folder } = inputsOf({ '0001.gz': twice, '0002.tar': archive() });

  expect([unpack().status, unpack('--', 'echo', 'ran').stdout]).toEqual([0, 'ran\n']);
  // What was in it is left as it was, though it is compressed itself.
  const inner = spawnSync('gzip', ['-dc'], {
    input: readFileSync(path.join(folder, 'inputs', '0001.gz')),
  });
  expect(inner.stdout.toString()).toBe('in two boxes\n');
  expect(read('0002.tar/one.txt')).toBe('one\n');
});

test.skipIf(noBash)('an input that is only called as what is in work here keeps its name', () => {
  const { unpack, read } = inputsOf({ '0001.packed': 'as it is\n' });

  expect(unpack().status).toBe(0);
  expect(read('0001.packed')).toBe('as it is\n');
});

test.skipIf(noBash)('an attempt that was killed between two steps is taken up where it was', () => {
  const { unpack, read, folder } = inputsOf({
    '0001.gz.packed': gzipSync('whole\n'),
    '0001.gz': 'half',
    '0002.gz': 'done\n',
    '0002.gz.packed': gzipSync('done\n'),
  });
  writeFileSync(path.join(folder, '.unpacked'), 'inputs/0002.gz\n');

  expect(unpack().status).toBe(0);
  expect([read('0001.gz'), read('0002.gz')]).toEqual(['whole\n', 'done\n']);
  expect(existsSync(path.join(folder, 'inputs', '0002.gz.packed'))).toBe(false);
});

test.skipIf(noBash).each([
  ['0001.gz', () => 'no archive at all'],
  ['0001.gz', () => gzipSync('x'.repeat(10_000)).subarray(0, 30)],
  ['0001.tar', () => 'no archive at all'],
  ['0001.tar', () => archive().subarray(0, 700)],
  ['0001.gz', () => gzipSync(archive().subarray(0, 700))],
])('%s that is broken fails the task before its command', (name, content) => {
  const { unpack } = inputsOf({ [name]: content() });

  expect(unpack('--', 'echo', 'ran')).toEqual({
    status: 1,
    stdout: '',
    last: `inputs/${name} cannot be unpacked: it is not an archive, or is truncated.`,
  });
});

test.skipIf(noBash)('a task without inputs fails with a message', () => {
  const folder = newFolder();
  const script = path.join(SHARED, 'unpack-inputs.sh');
  const { status, stderr } = spawnSync('/bin/sh', [script], { cwd: folder, encoding: 'utf8' });

  expect([status, stderr]).toEqual([
    1,
    'There is no folder inputs: the task has no inputs to unpack.\n',
  ]);
});
