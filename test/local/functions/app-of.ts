import fs from 'node:fs';
import path from 'node:path';
import { builtHost, startHostProcess, temporaryFolder, type HostProcess } from './host-process';

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

/** A host that runs the app made of these files. */
export function start(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<HostProcess> {
  return startHostProcess({ app: appOf(files), data: temporaryFolder(), environment });
}

/** The same, ended when it has been looked at. */
export async function withHost<T>(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>>,
  look: (host: HostProcess) => Promise<T>,
): Promise<T> {
  const host = await start(files, environment);
  const seen = await look(host);
  host.kill('SIGTERM');
  await host.ended;
  return seen;
}

/** An app with one HTTP function. */
export const HTTP = `const { app } = require('@azure/functions');
app.http('hi', { handler: () => ({ body: 'hi' }) });`;

/** The answer of a sound function beside functions of this code, and what the host printed. */
export function seenBeside(code: string): Promise<{ text: string; output: string }> {
  const files = { 'a.js': HTTP, 'b.js': `const { app } = require('@azure/functions'); ${code}` };
  return withHost(files, {}, async (host) => ({
    text: await textAt(host, '/api/hi'),
    output: host.output(),
  }));
}

export function textAt(host: HostProcess, url: string): Promise<string> {
  return fetch(`${host.url}${url}`).then((response) => response.text());
}
