import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { call, tooWide } from './call';

const root = path.resolve(__dirname, '../..');

/** Port 9 of the loopback address: nothing answers there. */
const NOWHERE = 'http://127.0.0.1:9';

function spawned(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['scripts/nightshift.mjs', ...args],
    {
      cwd: root,
      encoding: 'utf8',
      env: { PATH: '', NIGHTSHIFT_URL: NOWHERE, ...environment },
    },
  );
  return { status, stdout, stderr };
}

test('the help lists every command, in a process of the command line', async () => {
  const { status, stdout, stderr } = spawned(['--help']);

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toBe((await call(NOWHERE, ['--help'])).stdout);
});

test('the help of each command is printed to standard output, within 80 columns', async () => {
  const { stdout } = await call(NOWHERE, ['--help']);
  const names = [...stdout.matchAll(/^ {2}([a-z][a-z-]+) /gm)].map(([, name = '']) => name);
  const each = await Promise.all(names.map((name) => call(NOWHERE, [name, '--help'])));
  const texts = [stdout, ...each.map((one) => one.stdout)];

  expect(names).toEqual([
    'start-run',
    'runs',
    'show',
    'watch',
    'logs',
    'retry',
    'cancel',
    'fetch',
    'plan',
    'costs',
    'backfill',
    'backfills',
    'pause',
    'resume',
    'drop',
    'pack',
    'open',
    'rehearse',
    'completion',
  ]);
  expect(each.map(({ code, stderr }) => [code, stderr])).toEqual(names.map(() => [0, '']));
  expect(texts.every((text) => text.startsWith('Usage: nightshift '))).toBe(true);
  expect(texts.flatMap(tooWide)).toEqual([]);
});

test.each([
  [[], 'nightshift: the command is missing; nightshift --help lists the options\n'],
  [
    ['pauze'],
    "nightshift: unknown command 'pauze' (Did you mean pause?); nightshift --help lists the options\n",
  ],
  [
    ['resume', '--misspelt'],
    "nightshift resume: unknown option '--misspelt'; nightshift resume --help lists the options\n",
  ],
  [
    ['show'],
    "nightshift show: missing required argument 'run'; nightshift show --help lists the options\n",
  ],
  [
    ['pause', 'render'],
    "nightshift pause: required option '--reason <text>' not specified; nightshift pause --help lists the options\n",
  ],
  [
    ['pause', 'render', '--reason', 'a test', '--until', '2026-12-01T06:00'],
    'nightshift pause: --until must be a time with its offset, such as 2026-12-01T06:00+01:00, not "2026-12-01T06:00"; nightshift pause --help lists the options\n',
  ],
  [
    ['resume', '--url', 'localhost:7071'],
    'nightshift resume: --url must be a URL, not "localhost:7071"; nightshift resume --help lists the options\n',
  ],
])('the call %j is refused in one line with exit code 2', async (args, message) => {
  expect(await call(NOWHERE, args)).toEqual({ code: 2, stdout: '', stderr: message, waits: [] });
});

test('a wrong call ends the process with exit code 2', () => {
  expect(spawned(['pauze'])).toMatchObject({ status: 2, stdout: '' });
});

test('an app that does not answer is one line that says what to do, and the key is not in it', () => {
  const { status, stdout, stderr } = spawned(['resume'], { NIGHTSHIFT_KEY: 'secret-key' });

  expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
  expect(stderr).toMatch(
    /^http:\/\/127\.0\.0\.1:9 cannot be reached \([^()]+\); start the local environment with npm start, or set NIGHTSHIFT_URL to the address of the app\n$/,
  );
});

test('the scripts of npm for drop, fetch, plan and pack are the same commands', () => {
  const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };

  expect(['drop', 'fetch', 'plan', 'pack'].map((name) => scripts[name])).toEqual(
    ['drop', 'fetch', 'plan', 'pack'].map((name) => `node scripts/nightshift.mjs ${name}`),
  );
});
