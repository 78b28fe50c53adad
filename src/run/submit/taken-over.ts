import { keyOf } from '../../workload/task-graph';
import { JOB_MANAGER_ID, MERGE_ID, TAKEN_OVER_LIST } from '../names';
import type { Files, TaskEnd } from '../ports';
import type { RunPlan } from '../run';

/** The tasks that a retry does not run, because they succeeded in the attempt before. */
export interface TakenOver {
  /** Ids by their keys. The merge is not among them: it always runs again. */
  readonly succeeded: ReadonlyMap<string, string>;
  /** True when a job manager had succeeded and its manifest made tasks: they are the same again. */
  readonly hasManifest: boolean;
}

export const nothingTakenOver: TakenOver = { succeeded: new Map(), hasManifest: false };

/** The tasks whose outputs a run has taken over; none for a run that is not a retry. */
export async function readTakenOver(files: Files, plan: RunPlan): Promise<TakenOver> {
  if ((plan.request.retry?.from ?? null) === null) return nothingTakenOver;
  const found = await readTaskList(files, plan.outputContainer, TAKEN_OVER_LIST);
  return found ?? nothingTakenOver;
}

export function isTakenOver({ succeeded }: TakenOver, id: string): boolean {
  return succeeded.has(keyOf(id));
}

/** Enough for 100,000 tasks. */
const MAX_LIST_BYTES = 32 * 1024 ** 2;

/** The tasks of a list that succeeded; null without the list. A line that is not valid is left out. */
export async function readTaskList(
  files: Files,
  container: string,
  name: string,
): Promise<TakenOver | null> {
  const text = await files.readText(container, name, MAX_LIST_BYTES);
  if (text === null) return null;
  const tasks = text.split('\n').flatMap(taskIn);
  const succeeded = tasks.filter(({ id, end }) => end === 'succeeded' && keyOf(id) !== MERGE_ID);
  const byKey = new Map(succeeded.map(({ id }) => [keyOf(id), id]));
  const hasTasks = tasks.some(({ id }) => keyOf(id) !== JOB_MANAGER_ID);
  return { succeeded: byKey, hasManifest: byKey.has(JOB_MANAGER_ID) && hasTasks };
}

function taskIn(line: string): readonly Pick<TaskEnd, 'id' | 'end'>[] {
  try {
    const { id, end } = JSON.parse(line) as Partial<TaskEnd>;
    return typeof id === 'string' && end !== undefined ? [{ id, end }] : [];
  } catch {
    return [];
  }
}

export function formatTaskEnd({ id, end }: TaskEnd): string {
  return JSON.stringify({ id, end });
}
