import { expect, test } from 'vitest';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { echo } from '../given';
import { now, worldOf } from '../world';
import { idFromText, MISSING, MISSING_FOR_MERGE } from '../../../src/run/names';

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
    input: null,
    exitCode: 1,
    cause: 'FailureExitCode',
  }));
  // The other half has ended well.
  batch.unfinishedTasks = async () => [];

  expect(await activities.addMerge({ plan, now })).toEqual({ added: true, missingTasks: 150 });
  expect(JSON.parse(files.text(plan.outputContainer, MISSING_FOR_MERGE) ?? '')).toEqual(
    batch.failed.map((task) => ({ ...task, cause: 'failed with exit code 1' })),
  );
});

test('a missing task has the name of its input, its exit code and the last line of its error output', async () => {
  const { activities, batch, files, plan } = worldOf({
    ...many,
    inputs: { container: 'frames' },
    work: { kind: 'perBlob', task: echo, tolerateFailed: 0.5 },
  });
  await files.makeContainer('frames', {});
  for (const name of ['a.txt', 'b.txt']) files.put('frames', name, 'x');
  await activities.stage({ plan });
  await activities.submitJob({ plan, now });
  const failed = { id: idFromText('b.txt'), input: 'b.txt', exitCode: 7, cause: 'FailureExitCode' };
  batch.failed = [failed];
  files.put(plan.outputContainer, `logs/${failed.id}/stderr.txt`, 'reading\nno such column: x\n');

  await activities.harvest({ plan, outcome: { kind: 'succeeded' }, worked: true });

  expect(JSON.parse(files.text(plan.outputContainer, MISSING) ?? '')).toEqual([
    { ...failed, cause: 'failed with exit code 7: no such column: x' },
  ]);
});
