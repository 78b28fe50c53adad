import { expect, test } from 'vitest';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { echo } from '../given';
import { now, worldOf } from '../world';
import { idFromText, MISSING_FOR_MERGE } from '../../../src/run/names';

const many = {
  name: 'many',
  description: 'a merge of a half',
  pool: {},
  work: {
    kind: 'sweep',
    task: echo,
    over: { SEED: { from: 1, to: 300 } },
    merge: { ...echo, quorum: 0.5 },
  },
} satisfies WorkloadDeclaration;

test('a merge gets the list of all missing tasks', async () => {
  const { activities, batch, files, plan } = worldOf(many);
  await activities.stage({ plan });
  await activities.submitJob({ plan, now });
  await activities.submitTasks({ plan, from: 0, now });
  batch.failed = Array.from({ length: 150 }, (_, index) => ({
    id: idFromText(`SEED=${index + 1}`),
    exitCode: 1,
    cause: 'FailureExitCode',
  }));
  // The other half has ended well.
  batch.unfinishedTasks = async () => [];

  expect(await activities.addMerge({ plan, now })).toEqual({ added: true, missingTasks: 150 });
  expect(JSON.parse(files.text(plan.outputContainer, MISSING_FOR_MERGE) ?? '')).toEqual(
    batch.failed,
  );
});
