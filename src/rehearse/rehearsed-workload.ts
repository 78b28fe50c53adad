import { MERGE_ID } from '../run/names';
import { nodesFor } from '../run/provision/autoscale-formula';
import { tasksKnownIn, type Work } from '../workload/work-schema';
import type { TaskTemplate, Workload, Workloads } from '../workload/workload';
import type { Task } from './batch-state';

/**
 * A workload as it is rehearsed. What decides when its runs start, how long they take and how many
 * nodes they have stays as it is declared; the data, programs and images of its tasks are assumed to
 * be there. Work of many tasks is one round of tasks, one for each node that the run gets.
 */
export function rehearsedWorkload(workload: Workload): Workload {
  const { inputs, pool, maxParallelTasks: _parallel, ...rest } = workload;
  const { image: _image, ...nodes } = pool;
  const tasks = tasksOf(workload);
  return {
    ...rest,
    pool: { ...nodes, containerImages: [], registries: [], mounts: [], packages: [] },
    ...(inputs !== undefined && {
      inputs: {
        from: 'container',
        container: INPUTS,
        endsWith: [],
        maxFiles: 1,
        maxBytesEach: 1024,
      },
    }),
    shared: [],
    results: [],
    work: rehearsedWork(workload.work, tasks, pool.existing === undefined ? pool.slotsPerNode : 1),
  };
}

export function rehearsedWorkloads(workloads: Workloads): Workloads {
  return new Map([...workloads].map(([name, workload]) => [name, rehearsedWorkload(workload)]));
}

/** The container with the one input that every run of a workload with inputs finds. */
export const INPUTS = 'rehearsed-inputs';

/** Tasks that run side by side, one on each node: as many as the declared work can use. */
export function tasksOf(workload: Workload): number {
  const { work, pool } = workload;
  if (work.kind === 'whole' || pool.existing !== undefined) return 1;
  const known = tasksKnownIn(work) ?? pool.maxNodes * pool.slotsPerNode;
  return Math.max(1, nodesFor(workload, known));
}

function rehearsedWork(work: Work, tasks: number, slots: number): Work {
  if (work.kind === 'whole') return { kind: 'whole', jobManager: bare(work.jobManager, 1) };
  const merge = work.merge === undefined ? {} : { merge: { ...ofJob(work.merge), quorum: 1 } };
  const template = 'task' in work && work.task !== undefined ? work.task : anyTask(work);
  const several = {
    task: { ...ofJob(template), slots },
    chunk: 1,
    ...merge,
    tolerateFailed: 0,
    whenTaskFails: work.whenTaskFails,
  };
  if (work.kind === 'split') {
    return { ...several, kind: 'split', jobManager: ofJob(work.jobManager), maxTasks: tasks };
  }
  const over = { REHEARSED: { from: 1, to: tasks, step: 1 } };
  return { ...several, kind: 'sweep', over, combine: 'product', maxTasks: tasks };
}

function anyTask(work: Work): TaskTemplate {
  const found = work.kind === 'tasks' ? work.tasks.find(({ task }) => task !== undefined) : null;
  if (found?.task === undefined) throw new Error('the work has no task');
  return found.task;
}

/** A task whose minutes are those of all rounds, which the declared bound of one task does not bound. */
function ofJob(template: TaskTemplate): TaskTemplate {
  return { ...bare(template, 1), maxMinutes: MAX_MINUTES };
}

const MAX_MINUTES = 10_080;

function bare(template: TaskTemplate, slots: number): TaskTemplate {
  const { container: _container, ...rest } = template;
  return { ...rest, slots, programs: [], reads: [], secrets: [], outputs: [], packages: [] };
}

/** The manifest of a job manager, with one line for each task. */
export function manifestOf(workload: Workload): string {
  const lines = Array.from({ length: tasksOf(workload) }, (_, index) => `{"id":"task-${index}"}`);
  return lines.join('\n');
}

/** Share of the work of a run that its job manager takes to divide it, and a merge at the end. */
const SHARE = 0.1;

/** Minutes of a task of a run whose tasks take `minutes` from the first to the last. */
export function minutesOfTask(work: Work, { isManager, spec }: Task, minutes: number): number {
  if (work.kind === 'whole') return minutes;
  const isShare = isManager || spec.id === MERGE_ID;
  if (isShare) return minutes * SHARE;
  const shares = (work.kind === 'split' ? 1 : 0) + (work.merge === undefined ? 0 : 1);
  return minutes * (1 - shares * SHARE);
}
