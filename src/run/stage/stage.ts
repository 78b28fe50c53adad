import { Failure } from '../../failure';
import type { BlobFound } from '../ports';
import { checkReferences } from './references';
import type { RunPlan } from '../run';
import type { Workload } from '../../workload/workload';
import { INPUT_LIST, outputContainerOf, stagedName } from '../names';
import { labelsOf, workloadOf, type ActivityContext } from '../activity-context';
import { programsOf, secretsOf, programPath } from '../../workload/programs';
import { unlikeness, type Inputs } from '../../workload/input-names';

/** One input as `inputs.json` lists it to the programs. */
export interface StagedInput {
  /** Where it is, below the working directory. Chosen by us. */
  readonly file: string;
  /** What its owner called it. Hostile. */
  readonly name: string;
  readonly size: number;
}

/** `inputs` is null for a workload that has none, which is not the same as finding none. */
export interface Staged {
  readonly inputs: number | null;
}

const COPIES_AT_ONCE = 8;
/** 10,000 inputs, the most there can be, with names of 1,024 characters. */
const MAX_INPUT_LIST_BYTES = 64 * 1024 ** 2;

/** Programs, inputs and secrets into the run's own container, before anything is asked of Batch. */
export async function stage(context: ActivityContext, plan: RunPlan): Promise<Staged> {
  const workload = workloadOf(context.workloads, plan);
  const before = await stagedInputs(context, plan);
  if (before !== null) {
    await context.files.makeContainer(plan.stagingContainer, labelsOf(plan));
    return { inputs: workload.inputs === undefined ? null : before.length };
  }

  const found = workload.inputs === undefined ? null : await findInputs(context, workload, plan);
  if (found?.length === 0) return { inputs: 0 };

  await context.files.makeContainer(plan.stagingContainer, labelsOf(plan));
  await context.files.makeContainer(plan.outputContainer, labelsOf(plan));
  await checkReferences(context, workload, plan);
  await stageSecrets(context, workload, plan);
  for (const program of programsOf(workload)) {
    const path = programPath(context.programsFolder, workload.name, program);
    await context.files.upload(plan.stagingContainer, `programs/${program}`, path);
  }
  await stageInputs(context, workload, plan, found ?? []);
  return { inputs: found?.length ?? null };
}

/**
 * What has been staged to the end, or null: the list of inputs is written last. Staged again, a
 * blob that has come since would be among the inputs of a run that has counted them already.
 */
export async function stagedInputs(
  { files }: ActivityContext,
  plan: RunPlan,
): Promise<readonly StagedInput[] | null> {
  const text = await files.readText(plan.stagingContainer, INPUT_LIST, MAX_INPUT_LIST_BYTES);
  return text === null ? null : (JSON.parse(text) as StagedInput[]);
}

/** A secret's only way to a task: a blob of the staging container, read through the task's own URL. */
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
  workload: Workload,
  plan: RunPlan,
  found: readonly BlobFound[],
): Promise<void> {
  const container = workload.inputs === undefined ? '' : sourceOf(workload.inputs, plan).container;
  const staged = found.map((blob, index) => ({ blob, file: stagedName(index, blob.name) }));
  const waiting = [...staged];
  const copyNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await files.copy(
        { container, name: next.blob.name, etag: next.blob.etag },
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

/** The blobs this run works on. A run that is about one blob fails without it; others take what is there. */
export async function findInputs(
  context: Pick<ActivityContext, 'files'>,
  workload: Workload,
  plan: RunPlan,
): Promise<BlobFound[]> {
  const inputs = workload.inputs;
  if (inputs === undefined) return [];
  const { blob } = plan.request;
  if (blob !== undefined) return [await findOne(context, inputs, plan, blob)];

  const found: BlobFound[] = [];
  const { container, prefix } = sourceOf(inputs, plan);
  for await (const candidate of context.files.list(container, prefix)) {
    if (candidate.bytes === 0 || unlikeness(candidate.name, inputs) !== undefined) continue;
    refuseTooLarge(candidate, inputs);
    found.push(candidate);
    if (found.length > inputs.maxFiles) {
      throw new Failure(
        'inputRefused',
        `container ${container} holds more than ${inputs.maxFiles} input files; raise inputs.maxFiles or take some away`,
      );
    }
  }
  return found;
}

/** Where inputs come from: a container of their own, or what the run before has left. */
function sourceOf(inputs: Inputs, { request, workload }: RunPlan) {
  if (inputs.from === 'container') return { container: inputs.container, prefix: inputs.prefix };
  const { occurrence } = request;
  if (occurrence.kind === 'after') {
    return { container: outputContainerOf(occurrence.runId), prefix: `${inputs.prefix}/` };
  }
  throw new Failure(
    'inputRefused',
    `${workload} takes what the run before it has left, and this run follows none`,
  );
}

async function findOne(
  { files }: Pick<ActivityContext, 'files'>,
  inputs: Inputs,
  plan: RunPlan,
  name: string,
): Promise<BlobFound> {
  const { container } = sourceOf(inputs, plan);
  const place = `blob ${JSON.stringify(name)} in container ${container}`;
  const unlike = unlikeness(name, inputs);
  if (unlike !== undefined) {
    throw new Failure('inputRefused', `${place} is no input: its name must ${unlike}`);
  }
  const found = await files.find(container, name);
  if (found === null) throw new Failure('inputGone', `${place} is not there (any more)`);
  const { occurrence } = plan.request;
  if (occurrence.kind === 'blob' && occurrence.etag !== found.etag) {
    throw new Failure(
      'inputGone',
      `${place} was overwritten before the run began; the new version starts its own run`,
    );
  }
  if (found.bytes === 0) throw new Failure('inputRefused', `${place} is empty`);
  refuseTooLarge(found, inputs);
  return found;
}

function refuseTooLarge(blob: BlobFound, inputs: Inputs): void {
  if (blob.bytes <= inputs.maxBytesEach) return;
  throw new Failure(
    'inputRefused',
    `blob ${JSON.stringify(blob.name)} has ${blob.bytes} bytes, more than inputs.maxBytesEach (${inputs.maxBytesEach})`,
  );
}
