import { SingleBar } from 'cli-progress';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { rootCertificates } from 'node:tls';
import { runCommand } from '../command-line';
import { errorLine, UserError } from '../error-line';
import { callApp } from './app-api';
import { fetchCommand } from './commands';
import { certificateFileIn, LOCAL_STATE } from './folders';
import { counted, printable } from './text';

/** Number of simultaneous downloads: enough to hide the latency of small files. */
const CONCURRENT_DOWNLOADS = 8;

interface Output {
  readonly name: string;
  readonly bytes: number;
  readonly url: string;
}

interface Source {
  readonly app: string;
  readonly key: string | undefined;
  readonly agents: Agents;
}

interface Agents {
  readonly http: http.Agent;
  readonly https: https.Agent;
}

/** `npm run fetch -- <run id>`: downloads all outputs and logs of a run over the app's API. */
runCommand(fetchCommand, async (options, [runId = '']) => {
  const folder = resolve(options.to ?? join('out', runId));
  const agents = agentsTrusting(options.trust ?? certificateFileIn(LOCAL_STATE));
  const source: Source = { app: options.app, key: options.key, agents };
  const outputs = await listOutputs(source, runId, options.prefix);
  if (outputs.length === 0) {
    const which = options.prefix === '' ? '' : ` whose names start with ${options.prefix}`;
    throw new UserError(`run ${runId} has no files${which}: none yet, or they were deleted`);
  }

  const { saved, bytes, skipped } = await download(source, outputs, folder);
  for (const [name, reason] of skipped)
    process.stderr.write(`skipped ${printable(JSON.stringify(name))}: ${printable(reason)}\n`);
  if (saved > 0)
    process.stdout.write(`${counted(saved, 'file')}, ${counted(bytes, 'byte')}, in ${folder}\n`);
  agents.http.destroy();
  agents.https.destroy();
  return skipped.length === 0 ? 0 : 1;
});

/** Node's `fetch` reads authorities only when a process starts, so these agents hold them. */
function agentsTrusting(certFile: string): Agents {
  const limits = { keepAlive: true, maxSockets: CONCURRENT_DOWNLOADS };
  const trust = existsSync(certFile)
    ? { ca: [...rootCertificates, readFileSync(certFile, 'utf8')] }
    : {};
  return { http: new http.Agent(limits), https: new https.Agent({ ...limits, ...trust }) };
}

/** A page that is not complete continues after its last name. */
async function listOutputs(
  { app, key }: Source,
  runId: string,
  prefix: string,
): Promise<readonly Output[]> {
  const outputs: Output[] = [];
  for (;;) {
    const query = new URLSearchParams({ prefix, after: outputs.at(-1)?.name ?? '' });
    const path = `/api/runs/${encodeURIComponent(runId)}/outputs?${query.toString()}`;
    const page = (await (await callApp(`${app}${path}`, { key })).json()) as {
      readonly files: readonly Output[];
      readonly isComplete: boolean;
    };
    outputs.push(...page.files);
    if (page.isComplete) return outputs;
  }
}

interface Downloaded {
  readonly saved: number;
  readonly bytes: number;
  readonly skipped: readonly (readonly [name: string, reason: string])[];
}

/** A file that cannot be saved is skipped, so that one bad name does not cost the others. */
async function download(
  source: Source,
  outputs: readonly Output[],
  folder: string,
): Promise<Downloaded> {
  const bar = startBar(outputs.reduce((sum, { bytes }) => sum + bytes, 0));
  const skipped: [string, string][] = [];
  let saved = 0;
  let bytes = 0;
  const queue = outputs.values();
  const worker = async (): Promise<void> => {
    for (const output of queue) {
      bar?.update({ file: printable(output.name) });
      try {
        await save(source, output, folder);
        saved += 1;
        bytes += output.bytes;
      } catch (error) {
        skipped.push([output.name, errorLine(error)]);
      }
      bar?.increment(output.bytes);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT_DOWNLOADS }, worker));
  bar?.stop();
  return { saved, bytes, skipped };
}

function startBar(total: number): SingleBar | undefined {
  if (!process.stdout.isTTY) return undefined;
  const bar = new SingleBar({ format: '{bar} {percentage}%  {file}', hideCursor: true });
  bar.start(total, 0, { file: '' });
  return bar;
}

async function save(source: Source, { name, url }: Output, folder: string): Promise<void> {
  const file = pathBelow(folder, name);
  await mkdir(dirname(file), { recursive: true });
  await pipeline(await contentOf(source, url), createWriteStream(file));
}

/** Tasks choose the names of blobs: none may lead out of the folder. */
function pathBelow(folder: string, name: string): string {
  const file = resolve(folder, name);
  if (file.startsWith(folder + sep) && relative(folder, file) !== '') return file;
  throw new UserError('it would be written outside the target folder');
}

/** The app redirects to storage. The key belongs to the app and is not sent there. */
async function contentOf({ key, agents }: Source, url: string): Promise<Readable> {
  const target = (await callApp(url, { key, redirect: 'manual' })).headers.get('location');
  if (target === null) throw new UserError('the app returned no address in storage for it');
  const isSecure = target.startsWith('https:');
  return new Promise((resolve, reject) => {
    const received = (response: http.IncomingMessage) => {
      if (response.statusCode === 200) return resolve(response);
      response.resume();
      reject(new UserError(`the storage returned status ${response.statusCode ?? 0}`));
    };
    const request = isSecure
      ? https.get(target, { agent: agents.https }, received)
      : http.get(target, { agent: agents.http }, received);
    request.on('error', (error) => reject(certificateError(error)));
  });
}

function certificateError(error: Error): Error {
  if (!/self.signed|certificate/i.test(error.message)) return error;
  return new UserError(`${error.message}; name the certificate with --trust`, { cause: error });
}
