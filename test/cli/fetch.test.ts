import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { STATE_FOLDER } from '../../src/cli/output-path';
import { call, type CallOptions } from './call';
import { newFolder } from './folder';
import { ESCAPED, HOSTILE, RUN_ID } from './sample-runs';

/** A blob of the run, by its number in the list. */
interface Blob {
  readonly content: string;
  readonly etag: string;
}

interface Storage {
  readonly url: string;
  readonly blobs: Map<string, Blob>;
  /** Requests to storage: the name of the blob, with its conditions. */
  readonly asked: string[];
  readonly mostAtOnce: () => number;
  /** Breaks the connection of the next requests after this many bytes of a blob. */
  breakAfter: { bytes: number; times: number };
}

const blob = (content: string): Blob => ({
  content,
  etag: `"${createHash('sha1').update(content).digest('hex').slice(0, 8)}"`,
});

/**
 * An app whose run has these files, and its storage, which starts to answer when `held` requests
 * are there.
 */
async function appWith(files: Readonly<Record<string, string>>, held = 1): Promise<Storage> {
  const blobs = new Map(Object.entries(files).map(([name, content]) => [name, blob(content)]));
  const waiting: (() => void)[] = [];
  let [active, most] = [0, 0];
  const server = http.createServer((request, response) => {
    const url = new URL(request.url ?? '', app.url);
    const name = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
    if (url.pathname.startsWith('/blob/')) {
      active += 1;
      most = Math.max(most, active);
      response.on('close', () => (active -= 1));
      waiting.push(() => answer(app, name, request, response));
      if (waiting.length >= held) for (const one of waiting.splice(0)) setImmediate(one);
    } else if (url.pathname === `/api/runs/${RUN_ID}/outputs`) {
      const list = [...blobs].map(([one, { content }]) => ({ name: one, bytes: content.length }));
      response.end(JSON.stringify({ files: list, isComplete: true }));
    } else {
      const output = url.pathname.slice(`/api/runs/${RUN_ID}/outputs/`.length);
      response.writeHead(302, { location: `${app.url}/blob/${output}` }).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const breakAfter = { bytes: 0, times: 0 };
  const app: Storage = { url, blobs, asked: [], mostAtOnce: () => most, breakAfter };
  return app;
}

/** Storage: ranges, conditions and MD5 as Azure has them. */
function answer(
  app: Storage,
  name: string,
  { headers }: http.IncomingMessage,
  response: http.ServerResponse,
): void {
  const conditions = ['range', 'if-match', 'if-none-match'].flatMap((one) =>
    headers[one] === undefined ? [] : [`${one}=${String(headers[one])}`],
  );
  app.asked.push([name, ...conditions].join(' '));
  const { content, etag } = app.blobs.get(name) ?? blob('');
  const md5 = createHash('md5').update(content).digest('base64');
  if (headers['if-none-match'] === etag) return void response.writeHead(304).end();
  if (headers['if-match'] !== undefined && headers['if-match'] !== etag) {
    return void response.writeHead(412).end();
  }
  const from = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
  if (from > 0 && from >= content.length) return void response.writeHead(416).end();
  const body = content.slice(from);
  response.writeHead(from === 0 ? 200 : 206, {
    etag,
    'content-length': body.length,
    [from === 0 ? 'content-md5' : 'x-ms-blob-content-md5']: md5,
  });
  if (app.breakAfter.times === 0) return void response.end(body);
  app.breakAfter.times -= 1;
  response.write(body.slice(0, app.breakAfter.bytes), () => response.socket?.end());
}

function fetchRun({ url }: Storage, to: string, args: readonly string[] = [], more?: CallOptions) {
  return call(url, ['fetch', RUN_ID, '--to', to, ...args], more);
}

function filesIn(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.join(parentPath, name))
    .filter((file) => !file.includes(STATE_FOLDER));
  return Object.fromEntries(
    files.map((file) => [path.relative(folder, file), readFileSync(file, 'utf8')]),
  );
}

const numbered = (count: number) =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`results/${index}.txt`, String(index)]),
  );

test('all files of a run are downloaded, eight at a time or as many as asked for', async () => {
  const [app, other] = [await appWith(numbered(24), 8), await appWith(numbered(6), 3)];
  const folder = newFolder();

  expect(await fetchRun(app, folder)).toEqual({
    code: 0,
    stdout: `24 files, 38 bytes, in ${folder}\n`,
    stderr: '',
    waits: [],
  });
  expect(filesIn(folder)).toEqual(
    Object.fromEntries(Object.entries(numbered(24)).map(([k, v]) => [path.normalize(k), v])),
  );
  expect((await fetchRun(other, newFolder(), ['--concurrency', '3'])).code).toBe(0);
  expect([app.mostAtOnce(), other.mostAtOnce()]).toEqual([8, 3]);
});

test('a file that is there in the same version is not fetched again, by its ETag or its MD5', async () => {
  const app = await appWith({ 'a.txt': 'aaaa', 'b.txt': 'bbbb' });
  const folder = newFolder();
  await fetchRun(app, folder);
  const { etag = '' } = app.blobs.get('a.txt') ?? {};
  app.asked.length = 0;
  const again = await fetchRun(app, folder);
  const byEtag = [...app.asked].sort();

  rmSync(path.join(folder, STATE_FOLDER), { recursive: true });
  const old = new Date('2020-01-01T00:00:00Z');
  utimesSync(path.join(folder, 'a.txt'), old, old);
  const byMd5 = await fetchRun(app, folder);

  expect([again.stdout, byMd5.stdout]).toEqual([
    `0 files, 0 bytes, in ${folder}; 2 files there already\n`,
    `0 files, 0 bytes, in ${folder}; 2 files there already\n`,
  ]);
  expect(byEtag[0]).toBe(`a.txt if-none-match=${etag}`);
  expect(statSync(path.join(folder, 'a.txt')).mtime).toEqual(old);
});

test('a file of the same size with another content, and one that was changed here, is fetched', async () => {
  const app = await appWith({ 'a.txt': 'aaaa' });
  const folder = newFolder();
  await fetchRun(app, folder);
  app.blobs.set('a.txt', blob('cccc'));
  const { stdout } = await fetchRun(app, folder);

  expect(stdout).toBe(`1 file, 4 bytes, in ${folder}\n`);
  expect(filesIn(folder)).toEqual({ 'a.txt': 'cccc' });
});

test('a download that breaks continues at its last byte, in the same call', async () => {
  const app = await appWith({ 'a.txt': '0123456789' });
  const { etag = '' } = app.blobs.get('a.txt') ?? {};
  app.breakAfter = { bytes: 4, times: 2 };
  const folder = newFolder();

  expect((await fetchRun(app, folder)).stdout).toBe(`1 file, 10 bytes, in ${folder}\n`);
  expect(filesIn(folder)).toEqual({ 'a.txt': '0123456789' });
  expect(app.asked).toEqual([
    'a.txt',
    `a.txt range=bytes=4- if-match=${etag}`,
    `a.txt range=bytes=8- if-match=${etag}`,
  ]);
});

test('a later call continues too, and starts again where the blob is another version', async () => {
  const app = await appWith({ 'a.txt': '0123456789', 'b.txt': '0123456789' });
  app.breakAfter = { bytes: 2, times: 8 };
  const folder = newFolder();
  const first = await fetchRun(app, folder, ['--concurrency', '1']);
  const filesBetween = filesIn(folder);
  app.blobs.set('b.txt', blob('another, longer'));
  app.asked.length = 0;
  const second = await fetchRun(app, folder, ['--concurrency', '1']);

  expect([first.code, first.stdout, filesBetween]).toEqual([5, '', {}]);
  expect(first.stderr.split('\n').map((line) => line.slice(0, 17))).toEqual([
    'skipped "a.txt": ',
    'skipped "b.txt": ',
    '',
  ]);
  expect([second.code, filesIn(folder)]).toEqual([
    0,
    { 'a.txt': '0123456789', 'b.txt': 'another, longer' },
  ]);
  expect(app.asked.map((one) => one.replaceAll(/if-match=.*/g, 'if-match'))).toEqual([
    'a.txt range=bytes=8- if-match',
    'b.txt range=bytes=8- if-match',
    'b.txt',
  ]);
});

test('a part whose rest does not make the content of the blob is thrown away', async () => {
  const app = await appWith({ 'a.txt': '0123456789' });
  app.breakAfter = { bytes: 2, times: 4 };
  const folder = newFolder();
  await fetchRun(app, folder);
  const [part = ''] = readdirSync(path.join(folder, STATE_FOLDER, 'parts')).sort();
  writeFileSync(path.join(folder, STATE_FOLDER, 'parts', part), 'xxxx');
  const wrong = await fetchRun(app, folder);
  const right = await fetchRun(app, folder);

  expect(wrong.stderr).toBe(
    'skipped "a.txt": its content is not that of the storage; fetch it once more\n',
  );
  expect([right.code, filesIn(folder)]).toEqual([0, { 'a.txt': '0123456789' }]);
});

const OUTSIDE = 'it would be written outside the target folder';
const CONTROL = 'its name has control characters';
const EMPTY = 'its name has an empty segment';
const WINDOWS = 'Windows does not allow its name';
const DEVICE = 'its name is a device of Windows';

const hostile: readonly (readonly [name: string, reason: string, platform: NodeJS.Platform])[] = [
  ['../b.txt', OUTSIDE, 'linux'],
  ['/etc/c.txt', OUTSIDE, 'linux'],
  ['d/../../e.txt', OUTSIDE, 'linux'],
  ['C:/x', OUTSIDE, 'linux'],
  ['a\u0000b', CONTROL, 'linux'],
  ['a\nb', CONTROL, 'linux'],
  ['a//b', EMPTY, 'linux'],
  ['./a', EMPTY, 'linux'],
  [`${STATE_FOLDER}/versions.jsonl`, 'its name is reserved', 'linux'],
  ['a\\..\\..\\b', WINDOWS, 'win32'],
  ['ab:stream', WINDOWS, 'win32'],
  ['a.', WINDOWS, 'win32'],
  ['results/con', DEVICE, 'win32'],
  ['results/LPT1.txt', DEVICE, 'win32'],
  ['nul.tar.gz', DEVICE, 'win32'],
];

test.each(hostile)('the name %j is skipped and named: %s (%s)', async (name, reason, platform) => {
  const app = await appWith({ 'a.txt': 'a', [name]: 'x', 'f.txt': 'f' });
  const folder = newFolder();
  const { code, stdout, stderr } = await fetchRun(app, folder, [], { platform });

  expect([code, stdout, filesIn(folder)]).toEqual([
    5,
    `2 files, 2 bytes, in ${folder}\n`,
    { 'a.txt': 'a', 'f.txt': 'f' },
  ]);
  expect(stderr).toBe(`skipped ${JSON.stringify(name)}: ${reason}\n`);
});

test('a name that is a folder here costs itself only', async () => {
  const app = await appWith({ 'a.txt': 'a', b: 'b' });
  const folder = newFolder();
  mkdirSync(path.join(folder, 'b'));
  const { code, stdout, stderr } = await fetchRun(app, folder);

  expect([code, stdout]).toEqual([5, `1 file, 1 byte, in ${folder}\n`]);
  expect(stderr).toContain('skipped "b": ');
});

test('names and reasons cannot control the terminal, nor can the progress', async () => {
  const app = await appWith({ [`../${HOSTILE}`]: 'x', [`\u202e${'y'.repeat(300)}`]: 'y' });
  let shown = '';
  const stream = { isTTY: true, columns: 80, write: (text: string) => (shown += text) };
  const tty = new Proxy(stream, {
    get: (found, name) => found[name as keyof typeof stream] ?? (() => true),
  });
  const terminal = tty as unknown as NodeJS.WriteStream;
  const { stderr } = await fetchRun(app, newFolder(), ['--concurrency', '1'], { terminal });

  expect(stderr).toContain(`skipped "../${ESCAPED}": ${OUTSIDE}\n`);
  // oxlint-disable-next-line eslint/no-control-regex -- the test is about them
  expect(stderr.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u202e]/);
  expect(shown).toContain('%');
  expect(['owned\u0007', '\u202e'].filter((text) => shown.includes(text))).toEqual([]);
});

test('a pattern and a prefix choose files, and a choice without files is a sentence', async () => {
  const app = await appWith({ 'results/a.png': 'a', 'results/b/c.png': 'c', 'logs/x.txt': 'x' });
  const folder = newFolder();
  const one = await fetchRun(app, folder, ['--pattern', 'results/**/*.png', '--json']);
  const none = await fetchRun(app, folder, ['--prefix', 'r', '--pattern', '*.svg']);

  expect(JSON.parse(one.stdout)).toEqual({
    runId: RUN_ID,
    folder,
    saved: expect.any(Array) as unknown,
    kept: [],
    skipped: [],
  });
  expect(Object.keys(filesIn(folder)).sort()).toEqual(['results/a.png', 'results/b/c.png']);
  expect(none).toMatchObject({
    code: 1,
    stdout: '',
    stderr: `run ${RUN_ID} has no files whose names start with r and that match *.svg: none yet, or they were deleted\n`,
  });
});
