import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { matchFiles } from '../../../local/batch/file-pattern';

let task: string;

/** A task directory, with `wd` in it as the working directory. */
beforeEach(() => {
  task = mkdtempSync(path.join(tmpdir(), 'file-pattern-'));
  mkdirSync(path.join(task, 'wd'));
});

afterEach(() => rmSync(task, { recursive: true, force: true }));

function write(...names: readonly string[]): void {
  for (const name of names) {
    const at = path.join(task, name);
    mkdirSync(path.dirname(at), { recursive: true });
    writeFileSync(at, name);
  }
}

/** The matches of a pattern, relative to the task directory. */
async function found(pattern: string, environment: Record<string, string> = {}): Promise<string[]> {
  const paths = await matchFiles(pattern, { cwd: path.join(task, 'wd'), environment });
  expect(paths.every((at) => path.isAbsolute(at))).toBe(true);
  return paths.map((at) => path.relative(task, at));
}

test('a pattern without a wildcard names one file', async () => {
  write('wd/out.txt', 'wd/sub/out.txt');

  expect(await found('out.txt')).toEqual(['wd/out.txt']);
  expect(await found('./sub/out.txt')).toEqual(['wd/sub/out.txt']);
  expect(await found('missing.txt')).toEqual([]);
  expect(await found('out.txt/below')).toEqual([]);
});

test('a pattern may leave the working directory', async () => {
  write('stdout.txt', 'stderr.txt', 'fileuploadout.txt', 'wd/stdout.txt');

  expect(await found('../stdout.txt')).toEqual(['stdout.txt']);
  expect(await found('../std*.txt')).toEqual(['stderr.txt', 'stdout.txt']);
  expect(await found('sub/../*.txt')).toEqual([]);
  expect(await found('../wd/../std???.txt')).toEqual(['stderr.txt', 'stdout.txt']);
});

test('a pattern may be absolute', async () => {
  write('elsewhere/a.txt', 'elsewhere/b.bin');

  expect(await found(`${task}/elsewhere/*.txt`)).toEqual(['elsewhere/a.txt']);
});

test('a star stays in its directory and two stars go through any', async () => {
  write('wd/a.txt', 'wd/x/b.txt', 'wd/x/y/c.txt', 'wd/x/y/d.bin');

  expect(await found('*.txt')).toEqual(['wd/a.txt']);
  expect(await found('*/*.txt')).toEqual(['wd/x/b.txt']);
  expect(await found('**/*.txt')).toEqual(['wd/a.txt', 'wd/x/b.txt', 'wd/x/y/c.txt']);
  expect(await found('x/**/*.txt')).toEqual(['wd/x/b.txt', 'wd/x/y/c.txt']);
  expect(await found('**/y/*')).toEqual(['wd/x/y/c.txt', 'wd/x/y/d.bin']);
  expect(await found('x/**')).toEqual(['wd/x/b.txt', 'wd/x/y/c.txt', 'wd/x/y/d.bin']);
  expect(await found('**/**/c.txt')).toEqual(['wd/x/y/c.txt']);
  expect(await found('**.txt')).toEqual(['wd/a.txt']);
});

test('a question mark and brackets stand for one character', async () => {
  write('wd/a1', 'wd/b1', 'wd/c1', 'wd/d1', 'wd/ab1', 'wd/!1', 'wd/^1', 'wd/-1');

  expect(await found('?1')).toEqual([
    'wd/!1',
    'wd/-1',
    'wd/^1',
    'wd/a1',
    'wd/b1',
    'wd/c1',
    'wd/d1',
  ]);
  expect(await found('[abc]1')).toEqual(['wd/a1', 'wd/b1', 'wd/c1']);
  expect(await found('[a-c]1')).toEqual(['wd/a1', 'wd/b1', 'wd/c1']);
  expect(await found('[!a-c]1')).toEqual(['wd/!1', 'wd/-1', 'wd/^1', 'wd/d1']);
  expect(await found('[^a]1')).toEqual(['wd/^1', 'wd/a1']);
  expect(await found('[a-]1')).toEqual(['wd/-1', 'wd/a1']);
});

test('a wildcard in brackets is literal', async () => {
  write('wd/abc*', 'wd/abcd', 'wd/abc?', 'wd/a[1]', 'wd/a1', 'wd/a]');

  expect(await found('abc[*]')).toEqual(['wd/abc*']);
  expect(await found('abc[?]')).toEqual(['wd/abc?']);
  expect(await found('a[1]')).toEqual(['wd/a1']);
  expect(await found('a[[]1]')).toEqual(['wd/a[1]']);
  expect(await found('a[]]')).toEqual(['wd/a]']);
});

test('no other character is special', async () => {
  const names = [
    '{a,b}',
    '(a|b)',
    '+(a)',
    '!(a)',
    '!a',
    'a\\b',
    '"a"',
    '$a',
    '^a',
    'a.b',
    'ü',
    '[a',
  ];
  write('wd/a', 'wd/b', 'wd/aXb', ...names.map((name) => `wd/${name}.txt`));

  for (const name of names) {
    expect(await found(`${name}.tx?`)).toEqual([`wd/${name}.txt`]);
    expect(await found(`${name}.txt`)).toEqual([`wd/${name}.txt`]);
  }
});

test('a leading dot matches only where the pattern has it', async () => {
  write('wd/.a.gif', 'wd/a.gif', 'wd/.git/b.gif', 'wd/x/.c.gif');

  expect(await found('*.gif')).toEqual(['wd/a.gif']);
  expect(await found('.*.gif')).toEqual(['wd/.a.gif']);
  expect(await found('?a.gif')).toEqual([]);
  expect(await found('[.]a.gif')).toEqual([]);
  expect(await found('**/*.gif')).toEqual(['wd/a.gif']);
  expect(await found('**/.*.gif')).toEqual(['wd/.a.gif', 'wd/x/.c.gif']);
  expect(await found('.git/*')).toEqual(['wd/.git/b.gif']);
  expect(await found('.g*/*')).toEqual(['wd/.git/b.gif']);
});

test('only files match', async () => {
  write('wd/out/a.txt');

  expect(await found('out')).toEqual([]);
  expect(await found('*')).toEqual([]);
  expect(await found('out/')).toEqual([]);
  expect(await found('')).toEqual([]);
});

test('variables are expanded before the pattern is read', async () => {
  write('stdout.txt', 'wd/run-7/a.txt', 'wd/run-8/a.txt', 'wd/$RUN.txt');
  const environment = { RUN: '7', ANY: '*', AZ_BATCH_TASK_DIR: task };

  expect(await found('run-$RUN/*.txt', environment)).toEqual(['wd/run-7/a.txt']);
  expect(await found('run-${RUN}/a.txt', environment)).toEqual(['wd/run-7/a.txt']);
  expect(await found('run-$ANY/a.txt', environment)).toEqual(['wd/run-7/a.txt', 'wd/run-8/a.txt']);
  expect(await found('$AZ_BATCH_TASK_DIR/std*.txt', environment)).toEqual(['stdout.txt']);
});

test('a variable that is not set matches nothing, in particular not the root directory', async () => {
  write('wd/a.txt');

  expect(await found('$UNSET/*')).toEqual([]);
  expect(await found('${UNSET}a.txt')).toEqual([]);
});

test('two stars do not follow a link to a directory, and a link to a file is a file', async () => {
  write('wd/real/a.txt', 'outside/b.txt');
  symlinkSync('..', path.join(task, 'wd/real/round'));
  symlinkSync(path.join(task, 'outside'), path.join(task, 'wd/linked'));
  symlinkSync('a.txt', path.join(task, 'wd/real/latest.txt'));
  symlinkSync('nowhere', path.join(task, 'wd/real/broken.txt'));

  expect(await found('**/*.txt')).toEqual(['wd/real/a.txt', 'wd/real/latest.txt']);
  expect(await found('linked/*.txt')).toEqual(['wd/linked/b.txt']);
});
