import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { packFolder } from '../../../src/cli/package-archive';
import { newFolder, type Stand } from '../../local/batch/stand';

/** Puts a version of an application into a stand-in: `fit-tool/versions/2.0`. */
export async function upload(stand: Stand, name: string, archive: string): Promise<void> {
  const url = `${stand.batch.url}/_local/applications/${name}`;
  const { ok } = await fetch(url, { method: 'PUT', body: await readFile(archive) });
  if (!ok) throw new Error(`${name} was not taken`);
}

/** A tool that says its version, as `npm run pack` packs it. */
export async function packed(version: string): Promise<string> {
  const folder = await newFolder();
  mkdirSync(join(folder, 'tool', 'bin'), { recursive: true });
  writeFileSync(join(folder, 'tool', 'bin', 'fit'), `#!/bin/sh\necho fit ${version}\n`);
  chmodSync(join(folder, 'tool', 'bin', 'fit'), 0o755);
  writeFileSync(join(folder, 'tool', 'data.txt'), 'plain');
  const archive = join(folder, 'fit.zip');
  expect(await packFolder(join(folder, 'tool'), archive)).toMatchObject({ files: 2 });
  return archive;
}
