import { Failure } from '../../failure';
import type { BlobFound } from '../ports';
import { stagePackages } from './packages';
import { checkReferences } from './references';
import type { RunPlan } from '../run';
import type { Workload } from '../../workload/workload';
import { INPUT_LIST, outputContainerOf, stagedName } from '../names';
import { labelsOf, workloadOf, type ActivityContext } from '../activity-context';
import { programsOf, secretsOf, programPath } from '../../workload/programs';
import { unlikeness, type Inputs } from '../../workload/input-names';

/** An entry of `inputs.json`, the list of inputs that programs read. */
export interface StagedInput {
  /** Path below the working directory. Generated, so safe in a command line. */
  readonly file: string;
  /** Original blob name. Untrusted. */
  readonly name: string;
  readonly size: number;
}

/** `inputs` is null for a workload without inputs, and 0 when no input was found. */
export interface Staged {
  readonly inputs: number | null;
}

const COPIES_AT_ONCE = 8;
/** Enough for 10,000 inputs, the maximum, with names of 1,024 characters. */
const MAX_INPUT_LIST_BYTES = 64 * 1024 ** 2;

/** Copies programs, inputs and secrets into the staging container, before the first call of Batch. */
export async function stage(context: ActivityContext, plan: RunPlan): Promise<Staged> {
  const workload = workloadOf(context.workloads, plan);
  const previous = await stagedInputs(context, plan);
  if (previous !== null) {
    await context.files.makeContainer(plan.stagingContainer, labelsOf(plan));
    return { inputs: workload.inputs === undefined ? null : previous.length };
  }

  const found = workload.inputs === undefined ? null : await findInputs(context, workload, plan);
  if (found?.length === 0) return { inputs: 0 };

  await context.files.makeContainer(plan.stagingContainer, labelsOf(plan));
  await context.files.makeContainer(plan.outputContainer, labelsOf(plan));
  await checkReferences(context, workload, plan);
  await stagePackages(context, workload, plan);
  await stageSecrets(context, workload, plan);
  for (const program of programsOf(workload)) {
    const path = programPath(context.programsFolder, workload.name, program);
    await context.files.upload(plan.stagingContainer, `programs/${program}`, path);
  }
  await stageInputs(context, plan, found ?? []);
  return { inputs: found?.length ?? null };
}

/**
 * Returns the input list, or null while staging is incomplete: the list is written last. Completed
 * staging is not repeated, because a blob uploaded meanwhile would change the number of inputs.
 */
export async function stagedInputs(
  { files }: ActivityContext,
  plan: RunPlan,
): Promise<readonly StagedInput[] | null> {
  const text = await files.readText(plan.stagingContainer, INPUT_LIST, MAX_INPUT_LIST_BYTES);
  return text === null ? null : (JSON.parse(text) as StagedInput[]);
}

/** A secret reaches a task only as a blob of the staging container, through a URL of that task. */
async function stageSecrets(
  { files, secrets }: ActivityContext,
  workload: Workload,
  plan: RunPlan,
): Promise<void> {
  for (const name of secretsOf(workload)) {
    await files.writeText(plan.stagingContainer, `secrets/${name}`, await secrets.read(name));
  }
}

async function stageInputs(
  { files }: ActivityContext,
  plan: RunPlan,
  found: readonly InputFound[],
): Promise<void> {
  const staged = found.map((blob, index) => ({ blob, file: stagedName(index, blob.name) }));
  const queue = [...staged];
  const copyNext = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await files.copy(
        { container: next.blob.container, name: next.blob.blob, etag: next.blob.etag },
        { container: plan.stagingContainer, name: next.file },
      );
    }
  };
  await Promise.all(Array.from({ length: COPIES_AT_ONCE }, copyNext));

  const list: StagedInput[] = staged.map(({ blob, file }) => ({
    file,
    name: blob.name,
    size: blob.bytes,
  }));
  await files.writeText(plan.stagingContainer, INPUT_LIST, JSON.stringify(list));
}

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
