import fs from 'node:fs';
import path from 'node:path';
import { builtHost } from './host-process';

/**
 * An app made for one test: file names and texts. It lies where the libraries are found, and goes
 * with the host that was built for the tests of the file.
 */
export function appOf(files: Readonly<Record<string, string>>): string {
  const folder = fs.mkdtempSync(path.join(path.dirname(builtHost()), 'app-'));
  for (const [name, text] of Object.entries({
    'host.json': '{ "version": "2.0" }',
    'package.json': '{ "main": "*.js" }',
    ...files,
  })) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }
  return folder;
}
