import { eachAtOnce } from '../../concurrency';
import type { ActivityContext } from '../activity-context';
import type { Batch, Files } from '../ports';
import { describeFailure } from './cause';
import { describeEnd } from './task-logs';
import type { TaskPage, TaskQuery, TaskView } from './reads';
import { RUNS_CONTAINER, taskListBlob } from '../names';
import type { RunPlan } from '../run';
import { linesOf } from '../submit/lines';

/** The tasks of a run, which are kept with its record: the job is deleted at its end. */

/** Bound of the list, which a request reads whole. */
const MAX_KEPT_TASKS = 10_000;
const TASKS_PER_PAGE = 1000;

/** First line of a list; a task follows on each line. */
interface Header {
  /** False where a job had too many tasks, so that only failed ones are listed. */
  readonly isComplete: boolean;
}

/**
 * Writes the tasks of the job with one request for each 1,000 of them. Of a job with more
 * tasks the failed ones are kept; the record has the counts of all.
 */
export async function keepTasks(
  context: Pick<ActivityContext, 'batch' | 'files' | 'workloads'>,
  plan: RunPlan,
): Promise<void> {
  const { batch, files } = context;
  const { runId, jobId } = plan;
  const first = await batch.listTasks(jobId, pageOf(null, null));
  if (first === null) return;
  const keepsAll = first.next === null || (await countAll(batch, jobId)) <= MAX_KEPT_TASKS;
  const [state, start] = keepsAll ? [null, first] : (['failed', null] as const);
  const tasks: TaskView[] = [];
  let page = start ?? (await batch.listTasks(jobId, pageOf(state, null)));
  while (page !== null) {
    tasks.push(...page.tasks);
    const { next } = page;
    if (next === null || tasks.length >= MAX_KEPT_TASKS) break;
    page = await batch.listTasks(jobId, pageOf(state, next));
  }
  const isComplete = keepsAll && tasks.length <= MAX_KEPT_TASKS;
  const kept = await withCauses(context, plan, tasks.slice(0, MAX_KEPT_TASKS));
  const lines = [{ isComplete } satisfies Header, ...kept];
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const write = () => files.writeText(RUNS_CONTAINER, taskListBlob(runId), text);
  // The container holds the app's mark, so it is there but for the first run of all.
  await write().catch(async () => {
    await files.makeContainer(RUNS_CONTAINER, {});
    await write();
  });
}

/** Failed tasks whose logs are read for the list, which are as a rule alike. */
const MAX_LOGS_READ = 200;
const LOGS_READ_AT_ONCE = 16;

/** Adds to each failed task how it failed, with the end of its log. */
async function withCauses(
  context: Pick<ActivityContext, 'files' | 'workloads'>,
  plan: RunPlan,
  tasks: readonly TaskView[],
): Promise<readonly TaskView[]> {
  const failed = tasks.filter(({ state }) => state === 'failed');
  const ends = new Map<string, string>();
  await eachAtOnce(failed.slice(0, MAX_LOGS_READ), LOGS_READ_AT_ONCE, async (task) => {
    ends.set(task.id, await describeEnd(context, plan, task));
  });
  return tasks.map((task) => ({ ...task, cause: ends.get(task.id) ?? causeOf(task) }));
}

/** Completes "task x …" for a task that failed; null for any other. */
export function causeOf(task: TaskView): string | null {
  return task.state === 'failed' ? describeFailure(task) : null;
}

function pageOf(state: TaskQuery['state'], cursor: string | null): TaskQuery {
  return { state, cursor, limit: TASKS_PER_PAGE };
}

async function countAll(batch: Batch, jobId: string): Promise<number> {
  const { active, running, succeeded, failed } = await batch.countTasks(jobId);
  return active + running + succeeded + failed;
}

/** Enough for MAX_KEPT_TASKS with inputs and causes of full length. */
const MAX_LIST_BYTES = 32 * 1024 ** 2;

export interface KeptTasks extends TaskPage, Header {}

/** A page of a kept list; the cursor is the number of the line. Null for a run without a list. */
export async function readKeptTasks(
  files: Files,
  runId: string,
  { state, cursor, limit }: TaskQuery,
): Promise<KeptTasks | null> {
  const chunks = await files.readChunks(RUNS_CONTAINER, taskListBlob(runId), MAX_LIST_BYTES);
  if (chunks === null) return null;
  const from = Number(cursor ?? 0);
  const tasks: TaskView[] = [];
  let isComplete = false;
  let line = -1;
  for await (const text of linesOf(chunks)) {
    line += 1;
    if (line === 0) isComplete = (JSON.parse(text) as Header).isComplete;
    if (line <= from || text === '') continue;
    const task = JSON.parse(text) as TaskView;
    if (state !== null && task.state !== state) continue;
    if (tasks.length === limit) return { tasks, next: String(line - 1), isComplete };
    tasks.push(task);
  }
  return { tasks, next: null, isComplete };
}

/** One task of a kept list; null where it is not in it. */
export async function findKeptTask(
  files: Files,
  runId: string,
  taskId: string,
): Promise<TaskView | null> {
  const all = await readKeptTasks(files, runId, {
    state: null,
    cursor: null,
    limit: MAX_KEPT_TASKS,
  });
  return all?.tasks.find(({ id }) => id === taskId) ?? null;
}
