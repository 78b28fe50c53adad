import { mapAhead } from '../../concurrency';
import { credentialMinutes } from '../plan';
import type { ResourceFile, TaskSpec } from '../ports';
import type { RunPlan } from '../run';
import { allInputs, taskFrom } from './tasks';
import type { TaskTemplate } from '../../workload/task-schema';
import { openAccess, type Access } from '../stage/access';
import { unitsOf, type Unit, type Units } from './units';
import { tasksFor, type Work } from '../../workload/work-schema';
import type { Workload } from '../../workload/workload';
import type { ActivityContext } from '../activity-context';

/**
 * The tasks of a run before the merge, in an order that never changes. A task is made when it is
 * asked for, so a hundred thousand take no more memory than the few that are on their way.
 */
export interface TaskSet {
  readonly count: number;
  idAt(index: number): string;
  /** From the first index up to, and not including, the second. */
  slice(from: number, to: number): AsyncIterable<TaskSpec>;
  task(index: number): Promise<TaskSpec>;
  readonly access: Access;
}

/** Chunks are written to storage and URLs are signed so many at a time. */
const TASKS_MADE_AT_ONCE = 16;

export async function taskSetOf(
  context: ActivityContext,
  workload: Workload,
  plan: RunPlan,
  now: string,
): Promise<TaskSet> {
  const { work } = workload;
  const units = await unitsOf(context, work, plan);
  const access = await openAccess(context.files, workload, plan, now);
  const maker: Maker = {
    context,
    workload,
    plan,
    units,
    access,
    minutes: credentialMinutes(plan, now),
  };
  const count = tasksFor(work, units.count);
  const task = (index: number) => taskAt(maker, index);
  return {
    count,
    access,
    idAt: (index) => (chunkOf(work) === 1 ? units.at(index).id : chunkId(index)),
    slice: (from, to) => mapAhead(numbers(from, Math.min(to, count)), TASKS_MADE_AT_ONCE, task),
    task,
  };
}

/** The ids of a set, one by one. */
export function* idsOf(set: TaskSet): Generator<string> {
  for (let index = 0; index < set.count; index++) yield set.idAt(index);
}

interface Maker {
  readonly context: ActivityContext;
  readonly workload: Workload;
  readonly plan: RunPlan;
  readonly units: Units;
  readonly access: Access;
  readonly minutes: number;
}

async function taskAt(maker: Maker, index: number): Promise<TaskSpec> {
  const { work } = maker.workload;
  const size = chunkOf(work);
  if (size === 1) return taskOfUnit(maker, maker.units.at(index));
  const end = Math.min((index + 1) * size, maker.units.count);
  const units = [...numbers(index * size, end)].map((at) => maker.units.at(at));
  return taskOfChunk(maker, chunkId(index), units);
}

async function taskOfUnit(maker: Maker, unit: Unit): Promise<TaskSpec> {
  const { id, environment, after = [], affinityId } = unit;
  return taskFrom(templateOf(maker, unit), maker.access, {
    id,
    environment,
    resourceFiles: await inputsOf(maker, [unit]),
    dependsOn: after,
    ...(affinityId !== undefined && { affinityId }),
  });
}

/** The units travel as a file: so many variables would fit into no task. */
async function taskOfChunk(maker: Maker, id: string, units: readonly Unit[]): Promise<TaskSpec> {
  const lines = units.map((unit) => JSON.stringify({ id: unit.id, environment: unit.environment }));
  const staged = `units/${id}.jsonl`;
  const { context, plan, access } = maker;
  await context.files.writeText(plan.stagingContainer, staged, `${lines.join('\n')}\n`);
  const [first] = units;
  return taskFrom(templateOf(maker, first), access, {
    id,
    environment: { UNITS: String(units.length) },
    resourceFiles: [await opened(maker, staged, 'units.jsonl'), ...(await inputsOf(maker, units))],
    // A hint for one of the units is as good as any.
    ...(first?.affinityId !== undefined && { affinityId: first.affinityId }),
  });
}

/** Inputs of its own for a task that has such, else all inputs of the run for every task. */
async function inputsOf(maker: Maker, units: readonly Unit[]): Promise<readonly ResourceFile[]> {
  const { work, inputs } = maker.workload;
  if (work.kind === 'perBlob') {
    const files = units.flatMap((unit) => unit.files ?? []);
    return Promise.all(files.map((file) => opened(maker, file, file)));
  }
  // The job manager of a split has had them, and hands on what its tasks need.
  const forAll = work.kind === 'sweep' || work.kind === 'tasks';
  return forAll && inputs !== undefined ? allInputs(maker.access) : [];
}

async function opened(
  { context, plan, minutes }: Maker,
  name: string,
  path: string,
): Promise<ResourceFile> {
  return {
    url: await context.files.readUrl(plan.stagingContainer, name, minutes),
    path,
    mode: null,
  };
}

function templateOf({ workload }: Maker, unit: Unit | undefined): TaskTemplate {
  const { work } = workload;
  const template = unit?.template ?? ('task' in work ? work.task : undefined);
  if (template === undefined) throw new Error(`${workload.name} has no task of its own`);
  return template;
}

export function chunkOf(work: Work): number {
  return 'chunk' in work ? work.chunk : 1;
}

/** `chunk-000001` is the first. */
export function chunkId(index: number): string {
  return `chunk-${String(index + 1).padStart(6, '0')}`;
}

function* numbers(from: number, to: number): Generator<number> {
  for (let number = from; number < to; number++) yield number;
}
