import type { BatchServiceModels as Models } from '@azure/batch';
import { truncate } from '../../failure';
import type { TaskPage, TaskQuery, TaskState, TaskView } from '../../run/finish/reads';
import { nullIfNotFound, REQUEST_TIMEOUT, type Service } from './calls';
import { causeOf, taskStateOf } from './views';

const filters: Readonly<Record<TaskState, string>> = {
  waiting: "state eq 'active'",
  running: "state eq 'running' or state eq 'preparing'",
  succeeded: "state eq 'completed' and executionInfo/result eq 'success'",
  failed: "state eq 'completed' and executionInfo/result eq 'failure'",
};

/** The environment is read for the name of the input only; it may hold credentials. */
const SELECTED = 'id,state,nodeInfo,executionInfo,environmentSettings,commandLine';
/** Maximum page size of the service. */
const TASKS_PER_PAGE = 1000;

/**
 * Reads one page. The cursor is the query of the service's link to the next page: a caller can
 * change it, but neither the service nor the job, with which the link is made here.
 */
export async function listTasks(
  { client, call }: Service,
  jobId: string,
  { state, cursor, limit }: TaskQuery,
): Promise<TaskPage | null> {
  const taskListOptions = {
    select: SELECTED,
    maxResults: Math.min(limit, TASKS_PER_PAGE),
    ...(state !== null && { filter: filters[state] }),
  };
  const page: Models.TaskListResponse | null = await nullIfNotFound(
    call(() =>
      cursor === null
        ? client.task.list(jobId, { taskListOptions, ...REQUEST_TIMEOUT })
        : client.task.listNext(linkOf(client.batchUrl, jobId, cursor), REQUEST_TIMEOUT),
    ),
  );
  if (page === null) return null;
  const { odatanextLink } = page;
  return {
    tasks: page.map(taskView),
    next: odatanextLink === undefined ? null : cursorOf(odatanextLink),
  };
}

function cursorOf(link: string): string {
  return Buffer.from(new URL(link).search.slice(1)).toString('base64url');
}

function linkOf(batchUrl: string, jobId: string, cursor: string): string {
  const query = new URLSearchParams(Buffer.from(cursor, 'base64url').toString());
  const base = batchUrl.replace(/\/+$/, '');
  return `${base}/jobs/${encodeURIComponent(jobId)}/tasks?${query.toString()}`;
}

const INPUT_CHARACTERS = 1024;

function taskView(task: Models.CloudTask): TaskView {
  const { id = '', nodeInfo, executionInfo } = task;
  return {
    id,
    state: taskStateOf(task),
    node: nodeInfo?.nodeId ?? null,
    exitCode: executionInfo?.exitCode ?? null,
    startedAt: instantOf(executionInfo?.startTime),
    endedAt: instantOf(executionInfo?.endTime),
    retries: executionInfo?.retryCount ?? 0,
    requeues: executionInfo?.requeueCount ?? 0,
    input: inputOf(task),
    cause: causeOf(task),
  };
}

/** The original name of the input of a task; null for a task without one of its own. */
export function inputOf({ environmentSettings = [] }: Models.CloudTask): string | null {
  const input = environmentSettings.find(({ name }) => name === 'INPUT_NAME')?.value;
  return input === undefined ? null : truncate(input, INPUT_CHARACTERS);
}

export function instantOf(time: Date | string | undefined): string | null {
  return time === undefined ? null : new Date(time).toISOString();
}
