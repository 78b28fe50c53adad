import { spawnSync } from 'node:child_process';
import { expect, onTestFinished, test, vi } from 'vitest';
import { apiWith, call } from './call';
import { HOSTILE, RUN_ID, summary } from './sample-runs';

/** What a command prints through the library, which writes to the console. */
async function printed(url: string, args: readonly string[]): Promise<readonly string[]> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  onTestFinished(() => log.mockRestore());
  log.mockClear();
  await call(url, args);
  return log.mock.calls.map(([line]) => String(line));
}

/** The suggestions without their descriptions and without the directive at the end. */
async function suggested(url: string, ...words: readonly string[]): Promise<readonly string[]> {
  const lines = await printed(url, ['complete', '--', ...words]);
  return lines.slice(0, -1).map((line) => line.split('\t')[0] ?? '');
}

const api = () =>
  apiWith({
    'GET /api/workloads': { workloads: [{ name: 'render' }, { name: 'nightly-report' }] },
    'GET /api/runs?limit=30': {
      runs: [summary, { ...summary, runId: `x;touch owned${HOSTILE}` }],
      next: null,
    },
  });

test('commands and options are completed without asking the app', async () => {
  const { url, asked } = await api();

  expect(await suggested(url, 'st')).toEqual(['start-run']);
  expect(await suggested(url, 'c')).toEqual(['cancel', 'costs', 'completion']);
  expect(await suggested(url, 'backfills', 'st')).toEqual(['stop']);
  expect(await suggested(url, 'runs', '--s')).toEqual(['--status', '--since']);
  expect(asked.filter((one) => !/workloads|runs/.test(one.call))).toEqual([]);
});

test('workloads and ids of runs come from the app, where they are no danger to a shell', async () => {
  const { url } = await api();

  expect(await suggested(url, 'start-run', '')).toEqual(['render', 'nightly-report']);
  expect(await suggested(url, 'watch', 'ren')).toEqual(['render', RUN_ID]);
  expect(await suggested(url, 'cancel', '')).toEqual([RUN_ID]);
  expect(await suggested(url, 'runs', '--workload', 'n')).toEqual(['nightly-report']);
  expect(await suggested(url, 'runs', '--status', 'time')).toEqual(['timedOut']);
});

test('an app that does not answer completes nothing, without an error', async () => {
  expect(await suggested('http://127.0.0.1:9', 'watch', '')).toEqual([]);
});

test.each(['bash', 'zsh', 'fish', 'powershell'])('%s gets its script', async (shell) => {
  const [script = ''] = await printed('http://127.0.0.1:9', ['completion', shell]);

  expect(script).toContain('nightshift');
  expect(script).toContain('scripts/nightshift.mjs');
});

test('bash accepts its script', async () => {
  const [script = ''] = await printed('http://127.0.0.1:9', ['completion', 'bash']);
  const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('another shell is a wrong call', async () => {
  expect(await call('http://127.0.0.1:9', ['completion', 'csh'])).toMatchObject({ code: 2 });
});
