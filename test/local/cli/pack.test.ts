import { buildSync } from 'esbuild';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packFolder } from '../../../local/cli/package-archive';
import { newFolder, standIn } from '../batch/stand';

const root = path.resolve(__dirname, '..', '..', '..');
let compiled: string;

beforeAll(() => {
  // Below the repository, where its libraries are found.
  mkdirSync(path.join(root, '.nightshift'), { recursive: true });
  compiled = mkdtempSync(path.join(root, '.nightshift', 'test-pack-'));
  buildSync({
    entryPoints: [path.join(root, 'local', 'cli', 'pack.ts')],
    outfile: path.join(compiled, 'pack.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
  });
});

afterAll(() => rmSync(compiled, { recursive: true, force: true }));

/** `npm run pack`, not in this process: the stand-in that answers it is. */
function pack(...words: string[]) {
  const child = spawn(process.execPath, [path.join(compiled, 'pack.js'), ...words]);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (said.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (said.stderr += String(chunk)));
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once('close', (code) => resolve({ code, ...said }));
  });
}

async function tool(): Promise<string> {
  const folder = await newFolder();
  writeFileSync(path.join(folder, 'fit'), '#!/bin/sh\necho fits\n', { mode: 0o755 });
  return folder;
}

test('a folder is packed, uploaded here, and the command for Azure is printed [RS17, RS19]', async () => {
  const { batch, client } = await standIn();
  const to = await newFolder();

  const ended = await pack(
    await tool(),
    'fit',
    '2.0',
    '--batch',
    batch.url,
    '--to',
    to,
    '--default',
  );

  const archive = path.join(to, 'fit-2.0.zip');
  const where = '--name <Batch account> --resource-group <group> --application-name fit';
  expect(ended).toEqual({
    code: 0,
    stderr: '',
    stdout: [
      `${archive}: 1 file, ${readFileSync(archive).length} bytes`,
      `Uploaded to ${batch.url} as fit 2.0, the default version.`,
      '',
      'For Azure, whose packages are uploaded through the management plane:',
      '',
      `az batch application package create ${where} --version-name 2.0 --package-file ${archive}`,
      `az batch application set ${where} --default-version 2.0`,
      '',
    ].join('\n'),
  });
  expect((await client.application.get('fit')).versions).toEqual(['2.0']);
});

test('without a Batch stand-in the archive is created nevertheless', async () => {
  const to = await newFolder();

  const ended = await pack(await tool(), 'fit', '2.0', '--batch', 'http://127.0.0.1:9', '--to', to);

  expect([ended.code, ended.stdout.split('\n')[1]]).toEqual([
    0,
    'No Batch stand-in answers at http://127.0.0.1:9; nothing was uploaded.',
  ]);
});

test.each([
  [['only-a-folder'], 'the application is missing'],
  [['folder', 'fit'], 'the version is missing'],
  [['folder', 'fit', '1', 'more'], 'unexpected argument "more"'],
])('%j is a wrong call', async (words, problem) => {
  expect(await pack(...words)).toEqual({
    code: 2,
    stdout: '',
    stderr: `npm run pack: ${problem}; npm run pack -- --help lists the options\n`,
  });
});

test('a folder that is empty, or that contains a link, is not a package', async () => {
  const empty = await newFolder();
  const linking = await tool();
  symlinkSync('/etc/passwd', path.join(linking, 'passwords'));
  const archive = path.join(await newFolder(), 'x.zip');

  await expect(packFolder(empty, archive)).rejects.toThrow(`${empty} has no file to pack`);
  await expect(packFolder(linking, archive)).rejects.toThrow(
    'passwords is not a regular file; a package contains files and folders only',
  );
});

test('an archive that cannot be written is reported in one sentence', async () => {
  const to = await newFolder();
  const archive = path.join(to, 'fit-2.0.zip');
  mkdirSync(archive);

  const ended = await pack(await tool(), 'fit', '2.0', '--to', to);

  expect([ended.code, ended.stderr]).toEqual([1, `${archive} is a folder; a file is needed\n`]);
});

test('the same folder gives the same archive, byte for byte', async () => {
  const folder = await tool();
  const to = await newFolder();
  const archives = ['one.zip', 'two.zip'].map((name) => path.join(to, name));

  for (const archive of archives) await packFolder(folder, archive);

  const [one, two] = archives.map((archive) => readFileSync(archive));
  expect(one?.equals(two ?? Buffer.alloc(0))).toBe(true);
});
