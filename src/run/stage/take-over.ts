import { eachAtOnce } from '../../concurrency';
import type { Workload } from '../../workload/workload';
import { workloadOf, type ActivityContext } from '../activity-context';
import {
  ATTEMPT_FOLDER,
  LOGS_FOLDER,
  MISSING,
  MISSING_FOR_MERGE,
  outputContainerOf,
  TAKEN_OVER_LIST,
  TASK_LIST,
} from '../names';
import type { BlobFound } from '../ports';
import type { RunPlan, TakenOverWork } from '../run';
import { isTakenOver, nothingTakenOver, readTaskList, type TakenOver } from '../submit/taken-over';
import { extentOf } from '../submit/task-set';
import { SENTINEL } from './references';

export type TookOver =
  /** The cursor at which the next step starts. */
  | { readonly kind: 'more'; readonly upTo: string }
  | {
      readonly kind: 'all';
      readonly work: TakenOverWork;
      /** Number of tasks that can start at once; null when nothing was taken over. */
      readonly startable: number | null;
    };

export interface TakeOverInput {
  readonly plan: RunPlan;
  readonly from: string;
  /** The cursor of the step before; null for the first. */
  readonly upTo: string | null;
}

const COPIES_AT_ONCE = 16;

/**
 * Copies one page of the outputs of the attempt before into the output container of a retry, on the
 * side of the service. Results, `reads` and the merge find them there, and they outlive the outputs
 * of that attempt. Failed tasks have uploaded nothing but their logs, which are left out. The task
 * list is copied last. Every step can be repeated.
 */
export async function takeOver(
  context: ActivityContext,
  { plan, from, upTo }: TakeOverInput,
): Promise<TookOver> {
  const { files } = context;
  const source = outputContainerOf(from);
  const workload = workloadOf(context.workloads, plan);
  const taken = usableFor(workload, await readTaskList(files, source, TASK_LIST));
  if (taken.succeeded.size === 0) return nothing(taken);
  const { blobs, next } = await files.page(source, upTo);
  const wanted = blobs.filter(({ name }) => isOutput(name, taken));
  await eachAtOnce(wanted, COPIES_AT_ONCE, ({ name, etag }) =>
    files.copy({ container: source, name, etag }, { container: plan.outputContainer, name }),
  );
  if (next !== null) return { kind: 'more', upTo: next };
  const list = await files.find(source, TASK_LIST);
  if (list !== null) await copyList(context, plan, source, list);
  const { takenOver: tasks, startable } = await extentOf(context, workload, plan);
  return { kind: 'all', work: { tasks, hasManifest: taken.hasManifest }, startable };
}

/** A job manager that is the whole job, or that made no tasks, runs again, and with it all the rest. */
function usableFor({ work }: Workload, found: TakenOver | null): TakenOver {
  if (found === null || work.kind === 'whole') return nothingTakenOver;
  return work.kind === 'split' && !found.hasManifest ? nothingTakenOver : found;
}

function nothing({ hasManifest }: TakenOver): TookOver {
  return { kind: 'all', work: { tasks: 0, hasManifest }, startable: null };
}

/** Lists of the app and logs of tasks that run again are left out. */
function isOutput(name: string, taken: TakenOver): boolean {
  const [folder, id = ''] = name.split('/');
  if (folder === LOGS_FOLDER) return isTakenOver(taken, id);
  return folder !== ATTEMPT_FOLDER && !OWN.has(name);
}

const OWN: ReadonlySet<string> = new Set([MISSING, MISSING_FOR_MERGE, SENTINEL]);

async function copyList(
  { files }: ActivityContext,
  { outputContainer }: RunPlan,
  container: string,
  { etag }: BlobFound,
): Promise<void> {
  const from = { container, name: TASK_LIST, etag };
  await files.copy(from, { container: outputContainer, name: TAKEN_OVER_LIST });
}
