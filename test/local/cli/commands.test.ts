import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { programs } from '../../../local/cli/commands';

const root = path.resolve(__dirname, '..', '..', '..');
const all = Object.keys(programs);
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'nightshift-commands-'));
  folders.push(folder);
  return folder;
}

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function node(args: readonly string[], cwd = root): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const launch = (...args: readonly string[]) => node(['scripts/run.mjs', ...args]);
const compiled = (name: string, ...args: readonly string[]) =>
  node([path.join('dist', 'local', programs[name]?.file ?? ''), ...args]);

/** The repository before `npm run build`, with its dependencies or without. */
function unbuilt({ installed }: { readonly installed: boolean }): string {
  const folder = newFolder();
  for (const part of ['package.json', 'scripts', 'local'])
    cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  if (installed) symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

test.each(all)(
  '%s prints its help to standard output and succeeds, by launcher and compiled',
  (name) => {
    const help = programs[name]?.parse(['--help']);
    const printed = { status: 0, stdout: help?.kind === 'help' ? help.text : '', stderr: '' };

    expect(launch(name, '--help')).toEqual(printed);
    expect(compiled(name, '--help')).toEqual(printed);
  },
);

test.each(all)('%s reports an unknown option in one line with exit code 2', (name) => {
  const refused = {
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(
      /^npm (start|run \w+): unknown option '--nix'; [^\n]*\n$/,
    ) as string,
  };

  expect(launch(name, '--nix')).toEqual(refused);
  expect(compiled(name, '--nix')).toEqual(refused);
});

test('help needs no build', () => {
  const folder = unbuilt({ installed: true });

  expect(node(['scripts/run.mjs', 'up', '--help'], folder)).toMatchObject({
    status: 0,
    stderr: '',
  });
});

test('before the first installation a command names npm ci', () => {
  expect(node(['scripts/run.mjs', 'up'], unbuilt({ installed: false }))).toEqual({
    status: 1,
    stdout: '',
    stderr: 'the dependencies are not installed; run npm ci\n',
  });
});

test('a Node.js that is too old is named in one line', () => {
  const preload = path.join(newFolder(), 'old.cjs');
  writeFileSync(
    preload,
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.1' } });",
  );

  expect(node(['--require', preload, 'scripts/run.mjs', 'demo'])).toEqual({
    status: 1,
    stdout: '',
    stderr: 'Node.js 20.18.1 is too old; use 20.19 or later\n',
  });
});

test.each(['batch', 'host'])('%s checks its port before it builds', async (name) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  const stamp = () => readFileSync(path.join(root, 'dist', '.sources'), 'utf8');
  const before = stamp();

  const ended = launch(name, '--port', String(port));
  server.close();

  expect(ended).toEqual({
    status: 1,
    stdout: '',
    stderr: `port ${port} is taken: the environment is running already, or another program uses it; stop that first\n`,
  });
  expect(stamp()).toBe(before);
});

test('an app folder that does not exist is one sentence', () => {
  expect(compiled('host', 'no-such-app').stderr).toMatch(
    /error: the app folder .*no-such-app does not exist\n$/,
  );
});
