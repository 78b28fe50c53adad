import { createHash } from 'node:crypto';
import { Failure } from '../../failure';
import type { Work } from '../../workload/work-schema';
import type { Workload } from '../../workload/workload';
import type { ActivityContext } from '../activity-context';
import { outputContainerOf, PINNED_INPUTS } from '../names';
import type { RunPlan } from '../run';
import type { InputFound } from './find-inputs';

/** The versions of the inputs of an attempt, which its retries use again. */
interface PinnedInputs {
  readonly inputs: readonly InputFound[];
  /** Hash of what decides which units a chunk has; null without chunks. */
  readonly chunks: string | null;
}

/** Enough for 10,000 inputs, the maximum, with names of 1,024 characters. */
const MAX_BYTES = 64 * 1024 ** 2;

/** Writes which versions of which blobs an attempt works on. */
export async function pinInputs(
  { files }: Pick<ActivityContext, 'files'>,
  { work }: Workload,
  plan: RunPlan,
  found: readonly InputFound[],
): Promise<void> {
  const inputs = found.map(({ name, bytes, etag, container, blob }) => ({
    name,
    bytes,
    etag,
    container,
    blob,
  }));
  const pinned: PinnedInputs = { inputs, chunks: chunksOf(work) };
  await files.writeText(plan.outputContainer, PINNED_INPUTS, JSON.stringify(pinned));
}

/**
 * The inputs of an earlier attempt.
 * @throws Failure inputGone when its outputs are deleted; workloadChanged when its chunks had other units
 */
export async function readPinnedInputs(
  { files }: Pick<ActivityContext, 'files'>,
  { work, name }: Workload,
  from: string,
): Promise<readonly InputFound[]> {
  const text = await files.readText(outputContainerOf(from), PINNED_INPUTS, MAX_BYTES);
  if (text === null) {
    throw new Failure(
      'inputGone',
      `the outputs of run ${from}, which this run takes over, are deleted; ${ASK_FOR_ALL}`,
    );
  }
  const { inputs, chunks } = JSON.parse(text) as PinnedInputs;
  if (chunks === chunksOf(work)) return inputs;
  throw new Failure(
    'workloadChanged',
    `the chunks of ${name} are not those of run ${from}, since the declaration of its work has changed; ${ASK_FOR_ALL}`,
  );
}

export const ASK_FOR_ALL = 'retry it with {"tasks":"all"}, which runs everything again';

/** A chunk has a number for its id, so a changed declaration gives other units to the same id. */
function chunksOf(work: Work): string | null {
  if (!('chunk' in work) || work.chunk === 1) return null;
  const { kind, chunk } = work;
  const units = work.kind === 'sweep' ? [work.over, work.combine] : [];
  return createHash('sha256')
    .update(JSON.stringify([kind, chunk, units]))
    .digest('hex');
}
