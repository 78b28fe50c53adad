import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { packFolder } from '../../src/cli/package-archive';
import { newFolder, standIn } from '../local/batch/stand';
import { call } from './call';

const NOWHERE = 'http://127.0.0.1:9';

/** `nightshift pack` in this process. */
async function pack(...words: string[]) {
  const { code, stdout, stderr } = await call(NOWHERE, ['pack', ...words]);
  return { code, stdout, stderr };
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
  [['only-a-folder'], "missing required argument 'application'"],
  [['folder', 'fit'], "missing required argument 'version'"],
  [['folder', 'fit', '1', 'more'], "too many arguments for 'pack'. Expected 3 arguments but got 4"],
  [
    ['folder', 'not an id', '1'],
    '"not an id" is not an application id: 1 to 64 letters, digits, hyphens and underscores',
  ],
  [
    ['folder', 'fit', '1/2'],
    '"1/2" is not a version: 1 to 64 letters, digits, dots, hyphens and underscores',
  ],
])('%j is a wrong call', async (words, problem) => {
  expect(await pack(...words)).toEqual({
    code: 2,
    stdout: '',
    stderr: `nightshift pack: ${problem}; nightshift pack --help lists the options\n`,
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
