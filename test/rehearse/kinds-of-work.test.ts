import { expect, test } from 'vitest';
import type { WorkOptions } from '../../src/workload/work-schema';
import { rehearsed, workload } from './given';

const task = { command: 'work', container: { image: 'busybox:1.36' } };
const merge = { ...task, outputs: [{ files: 'report.txt', to: 'results' }] };

const KINDS: readonly (readonly [string, WorkOptions, number])[] = [
  ['whole', { kind: 'whole', jobManager: task }, 1],
  ['split', { kind: 'split', jobManager: task, task, merge }, 3],
  ['perBlob', { kind: 'perBlob', task }, 3],
  ['sweep of few tasks', { kind: 'sweep', task, over: { SEED: [1, 2] }, merge }, 2],
  ['sweep of many tasks', { kind: 'sweep', task, over: { SEED: { from: 1, to: 5000 } } }, 3],
  [
    'tasks',
    {
      kind: 'tasks',
      tasks: [
        { id: 'a', task },
        { id: 'b', task, after: ['a'] },
      ],
    },
    2,
  ],
];

test.each(KINDS)('work of kind %s has its nodes and succeeds', async (_, work, nodes) => {
  const found = await rehearsed([
    workload('any', '0 0 2 * * *', {
      work,
      pool: { maxNodes: 3, registries: [{ server: 'docker.io', user: 'me', secret: 'password' }] },
      inputs: { container: 'inbox', pattern: /^never$/ },
      results: 'merge' in work ? ['report.txt'] : [],
    }),
  ]);

  expect(found.workloads.map(({ started, failed }) => ({ started, failed }))).toEqual([
    { started: 1, failed: 0 },
  ]);
  expect(found.peakNodes?.nodes).toBe(nodes);
  expect([...found.warnings, ...found.unaccounted]).toEqual([]);
});

test('a retained pool and an existing one are rehearsed, and the existing one costs nothing', async () => {
  const found = await rehearsed([
    workload('kept', '0 0 2 * * *', { pool: { keep: { days: 7 } } }),
    workload('guest', '0 0 3 * * *', { pool: { existing: 'shared-pool' } }),
  ]);

  expect(
    found.workloads.map(({ workload: name, started, failed, nodeMinutes }) => [
      name,
      started,
      failed,
      nodeMinutes > 0,
    ]),
  ).toEqual([
    ['kept', 1, 0, true],
    ['guest', 1, 0, false],
  ]);
  expect(found.warnings).toEqual([]);
});
