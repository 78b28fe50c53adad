import type { BatchServiceModels as Models } from '@azure/batch';
import type { FailedTask, TaskEnd } from '../../run/ports';
import { REQUEST_TIMEOUT, type Service } from './calls';
import { inputOf } from './task-pages';
import { causeOf, lower } from './views';

/** Maximum and default page size of the service. */
const TASKS_PER_PAGE = 1000;

/** Yields the ids of all tasks, holding one page in memory. */
export async function* taskIds(service: Service, jobId: string): AsyncGenerator<string> {
  for await (const { id = '' } of tasksOf(service, jobId, { select: 'id' })) yield id;
}

/** Yields the end of each task, holding one page in memory. */
export async function* taskEnds(service: Service, jobId: string): AsyncGenerator<TaskEnd> {
  const select = 'id,state,executionInfo';
  for await (const { id = '', state, executionInfo } of tasksOf(service, jobId, { select })) {
    const hasEnded = lower(state) === 'completed';
    const hasSucceeded = hasEnded && lower(executionInfo?.result) === 'success';
    yield { id, end: hasSucceeded ? 'succeeded' : hasEnded ? 'failed' : 'unfinished' };
  }
}

export async function unfinishedTasks(
  service: Service,
  jobId: string,
  limit: number,
): Promise<readonly string[]> {
  return idsOf(service, jobId, "state ne 'completed'", limit);
}

export async function runningTasks(
  service: Service,
  jobId: string,
  limit: number,
): Promise<readonly string[]> {
  return idsOf(service, jobId, "state eq 'running'", limit);
}

async function idsOf(
  service: Service,
  jobId: string,
  filter: string,
  limit: number,
): Promise<readonly string[]> {
  const options = { select: 'id', filter, ...pageOptions(limit) };
  const tasks = await takeFirst(tasksOf(service, jobId, options), limit);
  return tasks.map(({ id = '' }) => id);
}

const SELECTED = 'id,executionInfo,environmentSettings,commandLine';

export async function failedTasks(
  service: Service,
  jobId: string,
  limit: number,
): Promise<readonly FailedTask[]> {
  const filter = "state eq 'completed' and executionInfo/result eq 'failure'";
  const options = { select: SELECTED, filter, ...pageOptions(limit) };
  const tasks = await takeFirst(tasksOf(service, jobId, options), limit);
  return tasks.map((task) => ({
    id: task.id ?? '',
    input: inputOf(task),
    exitCode: task.executionInfo?.exitCode ?? null,
    cause: causeOf(task) ?? 'Batch gives no reason',
  }));
}

function pageOptions(limit: number): ListOptions {
  return { maxResults: Math.min(limit, TASKS_PER_PAGE) };
}

interface ListOptions {
  readonly select?: string;
  readonly filter?: string;
  readonly maxResults?: number;
}

async function* tasksOf(
  { client, call }: Service,
  jobId: string,
  taskListOptions: ListOptions,
): AsyncGenerator<Models.CloudTask> {
  let page: Models.TaskListResponse | undefined = await call(() =>
    client.task.list(jobId, { taskListOptions, ...REQUEST_TIMEOUT }),
  );
  while (page !== undefined) {
    yield* page;
    const next: string | undefined = page.odatanextLink;
    page =
      next === undefined
        ? undefined
        : await call(() => client.task.listNext(next, REQUEST_TIMEOUT));
  }
}

async function takeFirst<Item>(items: AsyncIterable<Item>, limit: number): Promise<Item[]> {
  const first: Item[] = [];
  for await (const item of items) {
    first.push(item);
    if (first.length === limit) break;
  }
  return first;
}
