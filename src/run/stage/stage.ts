import { Failure } from '../../failure';
import { stagePackages } from './packages';
import { checkReferences } from './references';
import type { RunPlan } from '../run';
import type { Workload } from '../../workload/workload';
import { INPUT_LIST, stagedName } from '../names';
import { labelsOf, workloadOf, type ActivityContext } from '../activity-context';
import { programsOf, secretsOf, programPath } from '../../workload/programs';
import { findInputs, type InputFound } from './find-inputs';
import { ASK_FOR_ALL, pinInputs, readPinnedInputs } from './pinned-inputs';

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

  const found = await inputsOf(context, workload, plan);
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
  await pinInputs(context, workload, plan, found ?? []);
  await stageInputs(context, plan, found ?? []);
  return { inputs: found?.length ?? null };
}

/** The inputs of a run; null for a workload without inputs. A retry works on those of the first attempt. */
async function inputsOf(
  context: ActivityContext,
  workload: Workload,
  plan: RunPlan,
): Promise<readonly InputFound[] | null> {
  const from = plan.request.retry?.from ?? null;
  const pinned = from === null ? null : await readPinnedInputs(context, workload, from);
  if (workload.inputs === undefined) return null;
  return pinned ?? findInputs(context, workload, plan);
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

async function stageInput(
  files: ActivityContext['files'],
  { request, stagingContainer }: RunPlan,
  { container, blob, etag }: InputFound,
  file: string,
): Promise<void> {
  try {
    await files.copy({ container, name: blob, etag }, { container: stagingContainer, name: file });
  } catch (cause) {
    const from = request.retry?.from ?? null;
    if (from === null || !(cause instanceof Failure && cause.code === 'inputGone')) throw cause;
    throw new Failure(
      'inputGone',
      `blob ${JSON.stringify(blob)} in container ${container} was deleted or overwritten since run ${from} worked on it; ${ASK_FOR_ALL}`,
      { cause },
    );
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
      await stageInput(files, plan, next.blob, next.file);
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
