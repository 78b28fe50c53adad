import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const program = path.resolve(__dirname, '../../../dist/local/cli/fetch.js');

interface App {
  readonly url: string;
  /** The largest number of files that were being downloaded at the same time. */
  readonly mostAtOnce: () => number;
}

/**
 * An app with these files, whose storage answers once `held` downloads have arrived; the content of
 * each file is its number.
 */
async function appWith(names: readonly string[], held = 1): Promise<App> {
  let active = 0;
  let most = 0;
  const waiting: (() => void)[] = [];
  const server = http.createServer((request, response) => {
    const [, kind, id = ''] = (request.url ?? '').split('/');
    if (kind === 'api') {
      const files = names.map((name, index) => ({ name, bytes: 1, url: `${url}/file/${index}` }));
      response.end(JSON.stringify({ files, isComplete: true }));
    } else if (kind === 'file') {
      active += 1;
      most = Math.max(most, active);
      response.writeHead(302, { location: `${url}/blob/${id}` }).end();
    } else {
      response.on('finish', () => (active -= 1));
      waiting.push(() => response.end(id));
      if (waiting.length >= held) for (const answer of waiting.splice(0)) setImmediate(answer);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, mostAtOnce: () => most };
}

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'nightshift-fetch-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function fetchRun({ url }: App, folder: string, nodeOptions: readonly string[] = []) {
  const args = [...nodeOptions, program, 'r1', '--app', url, '--to', folder];
  const child = spawn(process.execPath, args);
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => (texts.stdout += part.toString('utf8')));
  child.stderr.on('data', (part: Buffer) => (texts.stderr += part.toString('utf8')));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { status, ...texts };
}

function filesIn(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      return [path.relative(folder, file), readFileSync(file, 'utf8')];
    }),
  );
}

test('all files of a run are downloaded, eight at a time', async () => {
  const names = Array.from({ length: 24 }, (_, index) => `results/${index}.txt`);
  const app = await appWith(names, 8);
  const folder = newFolder();

  expect(await fetchRun(app, folder)).toEqual({
    status: 0,
    stdout: `24 files, 24 bytes, in ${folder}\n`,
    stderr: '',
  });
  expect(filesIn(folder)).toEqual(
    Object.fromEntries(names.map((name, index) => [path.normalize(name), String(index)])),
  );
  expect(app.mostAtOnce()).toBe(8);
});

test('a name that leads out of the folder is skipped and named, and the others are saved', async () => {
  const app = await appWith(['a.txt', '../b.txt', '/etc/c.txt', 'd/../../e.txt', 'f.txt']);
  const folder = newFolder();
  const reason = 'it would be written outside the target folder';

  const { status, stdout, stderr } = await fetchRun(app, folder);

  expect({ status, stdout, skipped: stderr.split('\n').sort() }).toEqual({
    status: 1,
    stdout: `2 files, 2 bytes, in ${folder}\n`,
    skipped: [
      '',
      `skipped "../b.txt": ${reason}`,
      `skipped "/etc/c.txt": ${reason}`,
      `skipped "d/../../e.txt": ${reason}`,
    ],
  });
  expect(filesIn(folder)).toEqual({ 'a.txt': '0', 'f.txt': '4' });
});

const HOSTILE = '\u001b]0;owned\u0007\u001b[2J\u202e';
const ESCAPED = String.raw`\u001b]0;owned\u0007\u001b[2J\u202e`;

test('a skipped name, and a reason that contains it, cannot control the terminal', async () => {
  const app = await appWith([`../${HOSTILE}`, `${HOSTILE}${'x'.repeat(300)}`]);

  const { status, stdout, stderr } = await fetchRun(app, newFolder());

  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(`skipped "../${ESCAPED}": `);
  expect(stderr).toContain(`skipped "${ESCAPED}xxx`);
  // oxlint-disable-next-line eslint/no-control-regex -- the test is about them
  expect(stderr.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u202e]/);
});

test('a name in the progress bar cannot control the terminal', async () => {
  const app = await appWith([HOSTILE]);
  const terminal = 'process.stdout.isTTY = true; process.stderr.isTTY = true;';

  const { stderr } = await fetchRun(app, newFolder(), [
    '--import',
    `data:text/javascript,${encodeURIComponent(terminal)}`,
  ]);

  expect(stderr).toContain(ESCAPED);
  expect(stderr).not.toContain('owned\u0007');
});
