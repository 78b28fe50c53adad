import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(__dirname, '../..');

/** Port 9 of the loopback address: nothing answers there. */
const NOWHERE = 'http://127.0.0.1:9';

function call(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['scripts/nightshift.mjs', ...args],
    { cwd: root, encoding: 'utf8', env: { PATH: '', NIGHTSHIFT_URL: NOWHERE, ...environment } },
  );
  return { status, stdout, stderr };
}

test('the help lists every command, within 80 columns, and so does the help of each', () => {
  const { status, stdout, stderr } = call(['--help']);
  const names = [...stdout.matchAll(/^ {2}([a-z][a-z-]+) /gm)].map(([, name = '']) => name);
  const all = [stdout, ...names.map((name) => call([name, '--help']).stdout)];

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(names).toEqual(
    expect.arrayContaining(['backfill', 'backfills', 'pause', 'rehearse', 'resume']),
  );
  expect(all.every((text) => text.startsWith('Usage: nightshift '))).toBe(true);
  expect(all.flatMap((text) => text.split('\n')).filter((line) => line.length > 80)).toEqual([]);
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
])('the call %j is refused in one line with exit code 2', (args, message) => {
  expect(call(args)).toEqual({ status: 2, stdout: '', stderr: message });
});

test('an app that does not answer is one line that says what to do, and the key is not in it', () => {
  const { status, stdout, stderr } = call(['resume'], { NIGHTSHIFT_KEY: 'secret-key' });

  expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
  expect(stderr).toMatch(
    /^http:\/\/127\.0\.0\.1:9 cannot be reached \([^()]+\); start the local environment with npm start, or set NIGHTSHIFT_URL to the address of the app\n$/,
  );
});
