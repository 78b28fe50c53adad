import type { BatchServiceModels as Models } from '@azure/batch';
import type { FailedTask } from '../../run/ports';
import { REQUEST_TIMEOUT_SECONDS, type Service } from './calls';
import { causeOf } from './views';

/** A page holds at most this many tasks, and so many are what the service gives unasked. */
const TASKS_PER_PAGE = 1000;

/** All ids of a job, one page of them held at a time. */
export async function* taskIds(service: Service, jobId: string): AsyncGenerator<string> {
  for await (const { id = '' } of tasksOf(service, jobId, { select: 'id' })) yield id;
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
  const question = { select: 'id', filter, ...pagesFor(limit) };
  const tasks = await firstOf(tasksOf(service, jobId, question), limit);
  return tasks.map(({ id = '' }) => id);
}

export async function failedTasks(
  service: Service,
  jobId: string,
  limit: number,
): Promise<readonly FailedTask[]> {
  const filter = "state eq 'completed' and executionInfo/result eq 'failure'";
  const tasks = await firstOf(tasksOf(service, jobId, { filter, ...pagesFor(limit) }), limit);
  return tasks.map((task) => ({
    id: task.id ?? '',
    exitCode: task.executionInfo?.exitCode ?? null,
    cause: causeOf(task) ?? 'Batch gives no reason',
  }));
}

function pagesFor(limit: number): Question {
  return { maxResults: Math.min(limit, TASKS_PER_PAGE) };
}

interface Question {
  readonly select?: string;
  readonly filter?: string;
  readonly maxResults?: number;
}

async function* tasksOf(
  { client, call }: Service,
  jobId: string,
  taskListOptions: Question,
): AsyncGenerator<Models.CloudTask> {
  let page: Models.TaskListResponse | undefined = await call(() =>
    client.task.list(jobId, { taskListOptions, ...REQUEST_TIMEOUT_SECONDS }),
  );
  while (page !== undefined) {
    yield* page;
    const next: string | undefined = page.odatanextLink;
    page =
      next === undefined
        ? undefined
        : await call(() => client.task.listNext(next, REQUEST_TIMEOUT_SECONDS));
  }
}

async function firstOf<Item>(items: AsyncIterable<Item>, limit: number): Promise<Item[]> {
  const first: Item[] = [];
  for await (const item of items) {
    first.push(item);
    if (first.length === limit) break;
  }
  return first;
}
