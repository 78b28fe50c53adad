import { expect, test } from 'vitest';
import { PINNED_INPUTS } from '../../../src/run/names';
import { pinInputs, readPinnedInputs } from '../../../src/run/stage/pinned-inputs';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { checked, echo } from '../given';
import { worldOf } from '../world';

/** The inputs of a retry are those of the first attempt. */

const sweep = {
  name: 'sweep',
  description: 'chunks',
  pool: {},
  work: { kind: 'sweep', task: echo, over: { SEED: { from: 1, to: 4 } }, chunk: 2 },
} satisfies WorkloadDeclaration;
const input = { name: 'a/x.txt', bytes: 1, etag: '0x1', container: 'in', blob: 'x.txt' };

async function pinnedBy(work: WorkloadDeclaration['work']) {
  const world = worldOf({ ...sweep, work });
  const { tools, workload, plan } = world;
  await tools.files.makeContainer(plan.outputContainer, {});
  await pinInputs(tools, workload, plan, [input]);
  return world;
}

test('the versions of the inputs are read as they were written', async () => {
  const { tools, workload, plan } = await pinnedBy(sweep.work);

  expect(await readPinnedInputs(tools, workload, plan.runId)).toEqual([input]);
});

test.each([
  ['another number of units', { ...sweep.work, chunk: 4 }],
  ['no chunks', { ...sweep.work, chunk: 1 }],
  ['other values', { ...sweep.work, over: { SEED: { from: 2, to: 5 } } }],
] as const)('chunks with %s are not those of the first attempt', async (_what, work) => {
  const { tools, plan } = await pinnedBy(sweep.work);

  await expect(
    readPinnedInputs(tools, checked({ ...sweep, work }), plan.runId),
  ).rejects.toMatchObject({ code: 'workloadChanged' });
});

test('a sweep without chunks may change, since the ids of its tasks hold their values', async () => {
  const { tools, plan } = await pinnedBy({ ...sweep.work, chunk: 1 });
  const changed = checked({
    ...sweep,
    work: { ...sweep.work, chunk: 1, over: { SEED: { from: 2, to: 5 } } },
  });

  expect(await readPinnedInputs(tools, changed, plan.runId)).toEqual([input]);
});

test('without the outputs of the first attempt a retry of what failed ends', async () => {
  const { tools, files, workload, plan } = await pinnedBy(sweep.work);
  await files.remove(plan.outputContainer, PINNED_INPUTS);

  await expect(readPinnedInputs(tools, workload, plan.runId)).rejects.toMatchObject({
    code: 'inputGone',
    message: `the outputs of run ${plan.runId}, which this run takes over, are deleted; retry it with {"tasks":"all"}, which runs everything again`,
  });
});
