import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(__dirname, '../..');

const ENVIRONMENT = {
  PATH: '',
  WEBSITE_TIME_ZONE: 'UTC',
  SCHEDULE_NIGHTLY_REPORT: '0 0 2 * * *',
  NODE_PRICES: '{"standard_d2s_v5": {"spot": 0.6, "dedicated": 1}}',
  POOL_VM_SIZE: 'standard_d2s_v5',
};

interface Called {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Not in sync: a test may be the server that the command asks. */
function call(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Called> {
  const command = ['scripts/nightshift.mjs', 'rehearse', '--from', '2026-12-01', ...args];
  const child = spawn(process.execPath, command, {
    cwd: root,
    env: { ...ENVIRONMENT, ...environment },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

test('the workloads of main.ts are rehearsed with their settings, those without a schedule named', async () => {
  const { status, stdout, stderr } = await call(['--days', '2', '--minutes', 'nightly-report=20']);

  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(
    [
      'Rehearsal of 2 days, 2026-12-01 to 2026-12-02, times in UTC',
      '  nightly-report: 0 0 2 * * * in UTC, catch-up last; overlap forbid',
      '    20 min of work (given)',
      '  render: only by event: blobs of inbox; overlap allow',
    ].join('\n'),
  );
  expect(stdout).toContain(
    'Tue 2026-12-01  ..1.....................    1    .     .    .    .    .     1\n',
  );
  expect(stdout).toMatch(/^nightly-report {14}2 {5}2( +\.){5} +\d\d {4}0\.\d\d$/m);
  expect(stdout).toMatch(/Everything runs in time\.\n$/);
});

test('with --strict a due time that is missed is exit code 1, and --json has the whole of it', async () => {
  const args = ['--days', '3', '--json', '--strict', '--down', '2026-12-01T01:00/2026-12-03T01:00'];
  const { status, stdout } = await call(args);
  const { workloads, delayed, assumptions } = JSON.parse(stdout) as Record<string, unknown>;

  expect(status).toBe(1);
  expect({ workloads, delayed }).toMatchObject({
    workloads: [
      { workload: 'nightly-report', due: 3, started: 2, missed: 1 },
      { workload: 'render', due: 0 },
    ],
    delayed: [
      { workload: 'nightly-report', instant: '2026-12-01T02:00:00.000Z', kind: 'missed' },
      { workload: 'nightly-report', instant: '2026-12-02T02:00:00.000Z', kind: 'late' },
    ],
  });
  expect(assumptions).toMatchObject({ zone: 'UTC', quota: null });
});

test('with --url the minutes of work are those of past runs of that app', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const startedAt = '2026-11-30T02:00:00.000Z';
    const runs = [{ startedAt, endedAt: '2026-11-30T02:26:00.000Z' }];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ runs, next: null }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const args = ['--days', '1', '--workload', 'nightly-report', '--url', `http://127.0.0.1:${port}`];
  const { stdout } = await call(args);
  server.close();

  expect(asked).toEqual(['/api/runs?workload=nightly-report&status=succeeded&limit=20']);
  expect(stdout).toContain('20 min of work (the median of 1 past runs, less 6 min around it)');
});

test.each([
  [['--days', '367'], '--days must be 1 to 366, not "367"'],
  [
    ['--minutes', 'nightly-report'],
    '--minutes must be a workload and its minutes, such as nightly-report=25, not "nightly-report"',
  ],
  [['--nodes-quota', 'many'], '--nodes-quota must be 0 to 1000000, not "many"'],
  [['--workload', 'weekly'], 'there is no workload "weekly"; there are nightly-report, render'],
  [['--from', '2026-02-30'], '--from must be a day such as 2026-12-01, not "2026-02-30"'],
])('the options %j are refused in one line with exit code 2', async (args, message) => {
  expect(await call(args)).toEqual({
    status: 2,
    stdout: '',
    stderr: `nightshift rehearse: ${message}; nightshift rehearse --help lists the options\n`,
  });
});

test('a setting that is not valid ends the rehearsal with exit code 1', async () => {
  const { status, stderr } = await call([], { MONTHLY_BUDGET: 'much' });

  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^the app settings have validation errors:\n {2}MONTHLY_BUDGET: not valid/,
  );
});
