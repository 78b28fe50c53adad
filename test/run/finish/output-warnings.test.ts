import { expect, test } from 'vitest';
import { blobsOf } from '../../../src/run/finish/output-warnings';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { echo, watchWith } from '../given';
import { now, worldOf, type World } from '../world';

test.each([
  ['outputs/report.json', 'results', 'results/report.json', true],
  ['outputs/report.json', 'results', 'results/outputs/report.json', false],
  ['outputs/*.csv', 'results', 'results/a.csv', true],
  ['outputs/*.csv', 'results', 'results/deep/a.csv', false],
  ['outputs/**/*.csv', 'results', 'results/deep/er/a.csv', true],
  ['outputs/**/*.csv', 'results', 'results/a.csv', true],
  ['outputs/p?-[0-9].csv', 'parts/{task}', 'parts/t-1/pa-7.csv', true],
  ['outputs/p-[!0-9].csv', 'parts/{task}', 'parts/t-1/p-7.csv', false],
  ['outputs/*.{csv,txt}', 'results', 'results/a.csv', false],
])('%s to %s: %s is its output: %j', (files, to, name, isOutput) => {
  expect(blobsOf({ files, to }).test(name)).toBe(isOutput);
});

const sweep = {
  name: 'sweep',
  description: 'three tasks',
  pool: {},
  work: {
    kind: 'sweep',
    over: { SEED: { from: 1, to: 3 } },
    task: { ...echo, outputs: [{ files: 'outputs/*.csv', to: 'results' }] },
  },
} satisfies WorkloadDeclaration;

async function harvested(names: readonly string[]): Promise<World> {
  const world = worldOf(sweep);
  const { activities, plan, files, batch } = world;
  await activities.stage({ plan });
  await activities.submitJob({ plan, now });
  await activities.submitTasks({ plan, from: 0, now });
  batch.taskEnds = async function* () {
    for (const id of ['a', 'b', 'c']) yield { id, end: 'succeeded' as const };
  };
  for (const name of names) files.put(plan.outputContainer, name, '1');
  return world;
}

async function warningsAfter(names: readonly string[]): Promise<readonly string[] | undefined> {
  const { activities, plan } = await harvested(names);
  const outcome = { kind: 'succeeded' } as const;
  return (await activities.harvest({ plan, outcome, worked: true })).warnings;
}

test('an output that matched no file is a warning', async () => {
  expect(await warningsAfter(['results/a.txt'])).toEqual([
    'work.task.outputs[0]: no file matched outputs/*.csv, so nothing is in results',
  ]);
});

test('fewer files than tasks that succeeded are a warning, and as many are none', async () => {
  expect(await warningsAfter(['results/a.csv', 'results/b.csv'])).toEqual([
    'work.task.outputs[0]: 3 tasks succeeded, and fewer files are in results: tasks that write files of one name overwrite each other; write "results/{task}"',
  ]);
  expect(await warningsAfter(['results/a.csv', 'results/b.csv', 'results/c.csv'])).toEqual([]);
});

test('the warnings of a run are one line of the log', async () => {
  const { activities, plan, warned } = await harvested([]);
  const watch = watchWith({ warnings: ['one', 'two'] });
  const outcome = { kind: 'succeeded' } as const;
  const harvest = { results: [], logs: [], missing: [], missingTasks: 0, errorDetail: null };
  await activities.claim({ plan, now });
  await activities.record({
    plan,
    outcome,
    harvest,
    watch,
    cleanedUp: [],
    followers: [],
    endedAt: now,
  });

  expect(warned).toEqual([
    `run ${plan.runId} has warnings: one; two {"warningsOf":"${plan.runId}","workload":"sweep","warnings":2}`,
  ]);
});
