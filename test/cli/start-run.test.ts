import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Plan } from '../../src/client/plans';
import { apiWith, call, serving, tooWide } from './call';
import { newFolder } from './folder';
import { ended, HOSTILE, RUN_ID } from './sample-runs';

const workloads = {
  workloads: [
    {
      name: 'render',
      parameters: {
        properties: {
          code: { type: 'string' },
          width: { type: 'integer' },
          fast: { type: 'boolean' },
          sizes: { type: 'array' },
        },
      },
    },
  ],
};

const started = { runId: RUN_ID, workload: 'render', isNew: true, statusUrl: '' };

test('parameters have the types that the workload declares, and replace those of the file', async () => {
  const folder = newFolder();
  writeFileSync(path.join(folder, 'p.json'), '{ "width": 1, "kept": true }');
  const { url, asked } = await apiWith({
    'GET /api/workloads': workloads,
    'POST /api/runs/render': started,
  });
  const pairs = ['code=007', 'width=640', 'fast=true', 'sizes=[1,2]', 'other=1=2', 'text='];
  const options = pairs.flatMap((pair) => ['-p', pair]);
  const args = ['start-run', 'render', '--parameters', 'p.json', ...options];
  const { stdout } = await call(url, [...args, '--idempotency-key', 'night-1'], { folder });

  expect(stdout).toBe(`Run ${RUN_ID} has started.\n`);
  expect(asked.at(-1)).toMatchObject({
    headers: { 'idempotency-key': 'night-1' },
    body: {
      parameters: {
        code: '007',
        width: 640,
        kept: true,
        fast: true,
        sizes: [1, 2],
        other: '1=2',
        text: '',
      },
    },
  });
});

test('a start is watched to its end, and its note is printed', async () => {
  const note = `render is paused${HOSTILE}`;
  const { url } = await apiWith({
    'POST /api/runs/render': { ...started, isNew: false, note },
    [`GET /api/runs/${RUN_ID}`]: { ...ended, status: 'failed' },
  });
  const { code, stdout } = await call(url, ['start-run', 'render', '--watch']);

  expect([code, stdout.split('\n')]).toEqual([
    10,
    [
      expect.stringMatching(
        new RegExp(String.raw`^Run ${RUN_ID} is there already, .* render is paused\\u001b`),
      ),
      `${RUN_ID}: failed after 1:04:04`,
      '',
    ],
  ]);
});

test.each([
  [['-p', 'width'], 2, '--parameter must be name=value, not "width"'],
  [['--parameters', 'none.json'], 1, 'none.json cannot be read as JSON: ENOENT'],
])('%j is reported in one line', async (options, code, message) => {
  const ran = await call('http://127.0.0.1:9', ['start-run', 'render', ...options]);

  expect([ran.code, ran.stderr]).toEqual([code, expect.stringContaining(message)]);
});

test('a key comes from a file or the environment, and is in no output', async () => {
  const folder = newFolder();
  writeFileSync(path.join(folder, 'key'), 'from-a-file\n');
  const { url, asked } = await serving(() => ({ status: 500, body: 'from-a-file' }));
  const one = await call(url, ['show', RUN_ID, '--key-file', 'key'], { folder });
  const other = await call(url, ['show', RUN_ID, '--key-file', 'nix'], { folder, key: 'k' });

  expect(asked.map(({ key }) => key)).toEqual(['from-a-file']);
  expect(one.stderr + one.stdout).not.toContain('from-a-file');
  expect(other.stderr).toBe(`the key file ${path.join(folder, 'nix')} cannot be read (ENOENT)\n`);
});

const plan: Plan = {
  workload: 'render',
  errors: [],
  warnings: [`the size is about to be retired ${HOSTILE}`],
  inputs: { count: 2, bytes: 20, first: [`a${HOSTILE}`] },
  pool: {
    isMade: true,
    id: 'render-planned',
    vmSize: 'standard_d2s_v5',
    slotsPerNode: 2,
    formula:
      '$TargetLowPriorityNodes = startup ? max(1, min(3, wanted)) : min(3, needed) + reserve;',
    formulaGives: '1 at once; then as many as the pending tasks need, at most 3; 0 after the end',
  },
  job: { id: 'render-planned', containers: ['run-render-planned-in', 'run-render-planned-out'] },
  tasks: { count: 1, atMost: 1, first: [{ id: 'job-manager', command: '', about: 'at once' }] },
  schedules: [],
  secrets: [{ name: 'token', isReadable: false }],
  account: {
    quotas: { spotCores: 10, dedicatedCores: null, pools: 1, jobs: null },
    defaultVersions: {},
    unavailableReason: null,
  },
  estimate: {
    fromRuns: 1,
    minutes: 3,
    nodeMinutes: 1,
    cost: null,
    capNodeMinutes: 780,
    capCost: null,
  },
};

test('a plan fits 80 columns, cannot control the terminal, and fails with its errors', async () => {
  const { url, asked } = await apiWith({ 'POST /api/plans/render': plan });
  const refused = await serving(() => ({ status: 422, body: { ...plan, errors: ['no quota'] } }));
  const shown = await call(url, ['plan', 'render', '--blob', 'a.ply']);
  const failed = await call(refused.url, ['plan', 'render']);

  expect(asked[0]?.body).toEqual({ parameters: {}, blob: 'a.ply' });
  expect(tooWide(shown.stdout)).toEqual([]);
  expect(shown.stdout).toBe(`A run of render would
  read      2 files, 20 bytes: "a\\u001b]0;owned\\u0007\\u001b[2J\\u202e", …
  make      pool render-planned of standard_d2s_v5, 2 slots on each node
  nodes     1 at once; then as many as the pending tasks need, at most 3; 0
            after the end
            | $TargetLowPriorityNodes = startup ? max(1, min(3, wanted)) :
            |   min(3, needed) + reserve;
  make      job render-planned, containers run-render-planned-in and
            run-render-planned-out
  run       1 task
            job-manager: (the image's own command)   at once
  secret    token: CANNOT BE READ
  quotas    10 Spot cores, 1 pools at most
  take      3 minutes and 1 node-minute, as the latest run did
  at most   780 node-minutes, if everything goes wrong
  warning   the size is about to be retired \\u001b]0;owned\\u0007\\u001b[2J\\u202e
`);
  expect([failed.code, failed.stdout.split('\n').at(-2)]).toEqual([1, '  REFUSED   no quota']);
});
