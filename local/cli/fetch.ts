import { SingleBar } from 'cli-progress';
import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { dirname, join, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { rootCertificates } from 'node:tls';
import { parseOptions } from './command-line';

/** `npm run fetch -- <run id>`: brings all outputs and logs of a run to disk, over the app's API. */
const usage = `npm run fetch -- <run id> [--to <folder>] [--prefix results/] [--app <url>] [--key <function key>]
  --to      where the files go (out/<run id>)
  --prefix  only files whose names begin so
  --app     the app (http://localhost:7071)
  --key     a function key, where the app asks for one
  --trust   a certificate to trust besides the public ones (that of npm start, if there is one)
`;

const { values: options, positionals } = parseOptions(usage, {
  allowPositionals: true,
  options: {
    to: { type: 'string' },
    prefix: { type: 'string', default: '' },
    app: { type: 'string', default: 'http://localhost:7071' },
    key: { type: 'string' },
    help: { type: 'boolean', default: false },
    trust: {
      type: 'string',
      default: resolve(
        __dirname,
        '..',
        '..',
        '..',
        '.nightshift',
        'local',
        'certificate',
        'cert.pem',
      ),
    },
  },
});

interface Listed {
  readonly files: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly url: string;
  }[];
  readonly isComplete: boolean;
}

async function fetchRun(runId: string): Promise<number> {
  const folder = resolve(options.to ?? join('out', runId));
  const files = await listOf(runId);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);

  const bar = new SingleBar({
    format: '{bar} {percentage}%  {file}',
    hideCursor: true,
    noTTYOutput: false,
  });
  if (process.stdout.isTTY) bar.start(total, 0, { file: '' });
  for (const { name, url, bytes } of files) {
    if (process.stdout.isTTY) bar.update({ file: name });
    const file = below(folder, name);
    await mkdir(dirname(file), { recursive: true });
    await pipeline(await contentOf(url), createWriteStream(file));
    bar.increment(bytes);
  }
  bar.stop();
  process.stdout.write(`${files.length} files, ${total} bytes, in ${folder}\n`);
  return files.length > 0 ? 0 : 1;
}

/** All of them: a list that is not complete goes on after its last name. */
async function listOf(runId: string): Promise<Listed['files']> {
  const files: Listed['files'][number][] = [];
  for (;;) {
    const query = new URLSearchParams({ prefix: options.prefix, after: files.at(-1)?.name ?? '' });
    const list = `${options.app}/api/runs/${encodeURIComponent(runId)}/outputs?${query.toString()}`;
    const page = (await (await ask(list)).json()) as Listed;
    files.push(...page.files);
    if (page.isComplete) return files;
  }
}

/** Blob names are not chosen by us: none may lead out of the folder. */
function below(folder: string, name: string): string {
  const file = resolve(folder, name);
  if (file.startsWith(folder + sep)) return file;
  throw new Error(`the output ${JSON.stringify(name)} would be written outside ${folder}`);
}

async function ask(url: string): Promise<Response> {
  const headers: Record<string, string> =
    options.key === undefined ? {} : { 'x-functions-key': options.key };
  const response = await fetch(url, { headers, redirect: 'manual' });
  if (response.ok || response.status === 302) return response;
  throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}

/** The app sends its callers on to storage; the key is the app's and does not go there. */
async function contentOf(url: string): Promise<Readable> {
  const target = (await ask(url)).headers.get('location');
  if (target === null) throw new Error(`${url} leads nowhere`);
  // `fetch` learns of a further authority only when a process starts.
  const ca = existsSync(options.trust)
    ? { ca: [...rootCertificates, readFileSync(options.trust, 'utf8')] }
    : {};
  const get = target.startsWith('https:') ? https.get : http.get;
  return new Promise((found, refused) => {
    get(target, ca, (response) => {
      if (response.statusCode === 200) return found(response);
      response.resume();
      refused(new Error(`${url} leads to storage, which answered ${response.statusCode ?? 0}`));
    }).on('error', refused);
  });
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const words = cause instanceof Error ? `${error.message}: ${cause.message}` : error.message;
  const isCertificate = /self.signed|certificate/i.test(words);
  return isCertificate ? `${words}; name the certificate with --trust` : words;
}

const [runId] = positionals;
if (runId === undefined || options.help) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  fetchRun(runId).then(
    (code) => {
      process.exitCode = code;
    },
    (error: unknown) => {
      process.stderr.write(`${wordsOf(error)}\n`);
      process.exitCode = 1;
    },
  );
}
