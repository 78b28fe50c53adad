import { mapAhead } from '../../concurrency';
import { credentialMinutes } from '../plan';
import type { ResourceFile, TaskSpec } from '../ports';
import type { RunPlan } from '../run';
import { allInputs, taskFrom } from './tasks';
import type { TaskTemplate } from '../../workload/task-schema';
import { openAccess, type Access } from '../stage/access';
import { isTakenOver, readTakenOver, type TakenOver } from './taken-over';
import { unitsOf, type Unit, type Units } from './units';
import { tasksFor, type Work } from '../../workload/work-schema';
import type { Workload } from '../../workload/workload';
import type { ActivityContext } from '../activity-context';

/**
 * The tasks of a run except the merge, in a stable order. Tasks are built on demand, so a hundred
 * thousand take no more memory than the few being sent.
 */
export interface TaskSet {
  readonly count: number;
  idAt(index: number): string;
  /** Tasks from the first index up to the second, which is excluded. */
  slice(from: number, to: number): AsyncIterable<TaskSpec>;
  task(index: number): Promise<TaskSpec>;
  readonly access: Access;
}

/** Concurrency of building tasks, which writes chunks to storage and signs URLs. */
const TASKS_BUILT_AT_ONCE = 16;

export async function taskSetOf(
  context: ActivityContext,
  workload: Workload,
  plan: RunPlan,
  now: string,
): Promise<TaskSet> {
  const { units, takenOver, count, idAt, placeOf } = await remainingWork(context, workload, plan);
  const access = await openAccess(context.files, workload, plan, now);
  const taskContext: TaskContext = {
    context,
    workload,
    plan,
    units,
    takenOver,
    access,
    minutes: credentialMinutes(plan, now),
  };
  const task = (index: number) => taskAt(taskContext, placeOf(index));
  return {
    count,
    access,
    idAt,
    slice: (from, to) => mapAhead(range(from, Math.min(to, count)), TASKS_BUILT_AT_ONCE, task),
    task,
  };
}

/** The tasks of a run, except the merge and those that a retry has taken over. */
interface RemainingWork {
  readonly units: Units;
  readonly takenOver: TakenOver;
  readonly count: number;
  idAt(index: number): string;
  /** The index of a task among all tasks of the work. */
  placeOf(index: number): number;
}

async function remainingWork(
  context: ActivityContext,
  { work }: Workload,
  plan: RunPlan,
): Promise<RemainingWork> {
  const units = await unitsOf(context, work, plan);
  const takenOver = await readTakenOver(context.files, plan);
  const all = tasksFor(work, units.count);
  const idOf = (place: number) => (chunkSizeOf(work) === 1 ? units.at(place).id : chunkId(place));
  if (takenOver.succeeded.size === 0) {
    return { units, takenOver, count: all, idAt: idOf, placeOf: (index) => index };
  }
  const places = [...range(0, all)].filter((place) => !isTakenOver(takenOver, idOf(place)));
  const placeOf = (index: number) => places[index] ?? all;
  const idAt = (index: number) => idOf(placeOf(index));
  return { units, takenOver, count: places.length, idAt, placeOf };
}

/** The extent of the work that is left to a retry. */
export interface Extent {
  /** Number of tasks that had succeeded. */
  readonly takenOver: number;
  /** Number of tasks that can start at once. */
  readonly startable: number;
}

export async function extentOf(
  context: ActivityContext,
  workload: Workload,
  plan: RunPlan,
): Promise<Extent> {
  const { work } = workload;
  const { units, takenOver, count, placeOf } = await remainingWork(context, workload, plan);
  const all = tasksFor(work, units.count);
  const waits = (place: number) =>
    (units.at(place).after ?? []).some((other) => !isTakenOver(takenOver, other));
  const startable =
    work.kind === 'tasks'
      ? [...range(0, count)].filter((index) => !waits(placeOf(index))).length
      : count;
  return { takenOver: all - count, startable };
}

/** The ids of a set, calculated one at a time. */
export function* idsOf(set: TaskSet): Generator<string> {
  for (let index = 0; index < set.count; index++) yield set.idAt(index);
}

interface TaskContext {
  readonly context: ActivityContext;
  readonly workload: Workload;
  readonly plan: RunPlan;
  readonly units: Units;
  readonly takenOver: TakenOver;
  readonly access: Access;
  readonly minutes: number;
}

async function taskAt(taskContext: TaskContext, index: number): Promise<TaskSpec> {
  const { work } = taskContext.workload;
  const size = chunkSizeOf(work);
  if (size === 1) return taskOfUnit(taskContext, taskContext.units.at(index));
  const end = Math.min((index + 1) * size, taskContext.units.count);
  const units = [...range(index * size, end)].map((at) => taskContext.units.at(at));
  return taskOfChunk(taskContext, chunkId(index), units);
}

async function taskOfUnit(taskContext: TaskContext, unit: Unit): Promise<TaskSpec> {
  const { id, environment, after = [], affinityId } = unit;
  return taskFrom(templateOf(taskContext, unit), taskContext.access, {
    id,
    environment,
    resourceFiles: await inputsOf(taskContext, [unit]),
    // Batch knows no task of another job.
    dependsOn: after.filter((other) => !isTakenOver(taskContext.takenOver, other)),
    ...(affinityId !== undefined && { affinityId }),
  });
}

/** The units are passed as a file, because their variables would exceed the size of a task. */
async function taskOfChunk(
  taskContext: TaskContext,
  id: string,
  units: readonly Unit[],
): Promise<TaskSpec> {
  const lines = units.map((unit) => JSON.stringify({ id: unit.id, environment: unit.environment }));
  const staged = `units/${id}.jsonl`;
  const { context, plan, access } = taskContext;
  await context.files.writeText(plan.stagingContainer, staged, `${lines.join('\n')}\n`);
  const [first] = units;
  return taskFrom(templateOf(taskContext, first), access, {
    id,
    environment: { UNITS: String(units.length) },
    resourceFiles: [
      await resourceFile(taskContext, staged, 'units.jsonl'),
      ...(await inputsOf(taskContext, units)),
    ],
    // The hint of any unit will do.
    ...(first?.affinityId !== undefined && { affinityId: first.affinityId }),
  });
}

/** The task's own inputs for work per blob; otherwise all inputs of the run. */
async function inputsOf(
  taskContext: TaskContext,
  units: readonly Unit[],
): Promise<readonly ResourceFile[]> {
  const { work, inputs } = taskContext.workload;
  if (work.kind === 'perBlob') {
    const files = units.flatMap((unit) => unit.files ?? []);
    return Promise.all(files.map((file) => resourceFile(taskContext, file, file)));
  }
  // With split work the job manager reads the inputs and passes on what its tasks need.
  const readsAll = work.kind === 'sweep' || work.kind === 'tasks';
  return readsAll && inputs !== undefined ? allInputs(taskContext.access) : [];
}

async function resourceFile(
  { context, plan, minutes }: TaskContext,
  name: string,
  path: string,
): Promise<ResourceFile> {
  return {
    url: await context.files.readUrl(plan.stagingContainer, name, minutes),
    path,
    mode: null,
  };
}

function templateOf({ workload }: TaskContext, unit: Unit | undefined): TaskTemplate {
  const { work } = workload;
  const template = unit?.template ?? ('task' in work ? work.task : undefined);
  if (template === undefined) throw new Error(`${workload.name} has no task template`);
  return template;
}

export function chunkSizeOf(work: Work): number {
  return 'chunk' in work ? work.chunk : 1;
}

/** Id of a chunk, counted from 1: `chunk-000001`. */
export function chunkId(index: number): string {
  return `chunk-${String(index + 1).padStart(6, '0')}`;
}

function* range(from: number, to: number): Generator<number> {
  for (let number = from; number < to; number++) yield number;
}
