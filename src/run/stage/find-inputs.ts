import { Failure } from '../../failure';
import type { BlobFound } from '../ports';
import type { RunPlan } from '../run';
import type { Workload } from '../../workload/workload';
import { outputContainerOf } from '../names';
import type { ActivityContext } from '../activity-context';
import { unlikeness, type Inputs } from '../../workload/input-names';

/** An input blob. Its name among the inputs may differ from that of the blob. */
export interface InputFound extends BlobFound {
  readonly container: string;
  readonly blob: string;
}

/** Finds the input blobs of a run. A run for one blob fails when that blob is missing. */
export async function findInputs(
  context: Pick<ActivityContext, 'files'>,
  workload: Workload,
  plan: RunPlan,
): Promise<InputFound[]> {
  const inputs = workload.inputs;
  if (inputs === undefined) return [];
  const { blob } = plan.request;
  if (blob !== undefined) return [await findOne(context, inputs, plan, blob)];

  const found: InputFound[] = [];
  for (const { container, prefix, folder } of sourcesOf(inputs, plan)) {
    for await (const { name, ...candidate } of context.files.list(container, prefix)) {
      if (candidate.bytes === 0 || unlikeness(name, inputs) !== undefined) continue;
      const input = { ...candidate, name: `${folder}${name}`, container, blob: name };
      checkSize(input, inputs);
      found.push(input);
      if (found.length > inputs.maxFiles) {
        throw new Failure(
          'inputRefused',
          `container ${container} has more than ${inputs.maxFiles} input files; raise inputs.maxFiles or remove some`,
        );
      }
    }
  }
  return found;
}

interface Source {
  readonly container: string;
  readonly prefix: string | undefined;
  /** Precedes the names of the inputs, so that those of several sources differ. */
  readonly folder: string;
}

/** The sources of the inputs: an input container, or the outputs of the runs that this run follows. */
function sourcesOf(inputs: Inputs, { request, workload }: RunPlan): readonly Source[] {
  if (inputs.from === 'container') {
    return [{ container: inputs.container, prefix: inputs.prefix, folder: '' }];
  }
  const { occurrence } = request;
  const prefix = `${inputs.prefix}/`;
  if (occurrence.kind === 'after') {
    return [{ container: outputContainerOf(occurrence.runId), prefix, folder: '' }];
  }
  if (occurrence.kind === 'afterAll') {
    return Object.entries(occurrence.runs).map(([name, runId]) => ({
      container: outputContainerOf(runId),
      prefix,
      folder: `${name}/`,
    }));
  }
  throw new Failure(
    'inputRefused',
    `${workload} reads the outputs of the run before it, and this run follows no run`,
  );
}

async function findOne(
  { files }: Pick<ActivityContext, 'files'>,
  inputs: Inputs,
  plan: RunPlan,
  name: string,
): Promise<InputFound> {
  const [source] = sourcesOf(inputs, plan);
  if (source === undefined) throw new Failure('inputGone', `${plan.workload} has no inputs`);
  const { container } = source;
  const blob = `blob ${JSON.stringify(name)} in container ${container}`;
  const unlike = unlikeness(name, inputs);
  if (unlike !== undefined) {
    throw new Failure('inputRefused', `${blob} is not an input: its name must ${unlike}`);
  }
  const found = await files.find(container, name);
  if (found === null) throw new Failure('inputGone', `${blob} does not exist`);
  const { occurrence } = plan.request;
  if (occurrence.kind === 'blob' && occurrence.etag !== found.etag) {
    throw new Failure(
      'inputGone',
      `${blob} was overwritten before the run started; the new version starts its own run`,
    );
  }
  if (found.bytes === 0) throw new Failure('inputRefused', `${blob} is empty`);
  checkSize(found, inputs);
  return { ...found, container, blob: name };
}

function checkSize(blob: BlobFound, inputs: Inputs): void {
  if (blob.bytes <= inputs.maxBytesEach) return;
  throw new Failure(
    'inputRefused',
    `blob ${JSON.stringify(blob.name)} has ${blob.bytes} bytes, more than inputs.maxBytesEach (${inputs.maxBytesEach})`,
  );
}
