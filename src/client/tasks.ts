import type { Send } from './api';
import { pathOfRun } from './runs';

/** Tasks and nodes of a run. */

export type TaskState = 'waiting' | 'running' | 'succeeded' | 'failed';

export interface TaskView {
  readonly id: string;
  readonly state: TaskState;
  /** The node of its latest execution. */
  readonly node: string | null;
  readonly exitCode: number | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly retries: number;
  readonly requeues: number;
  /** Original name of its input. Untrusted. */
  readonly input: string | null;
  readonly cause: string | null;
}

export interface TasksPage {
  readonly tasks: readonly TaskView[];
  readonly next: string | null;
  /** False where not all tasks of an ended run were kept. */
  readonly isComplete: boolean;
}

export interface TasksQuery {
  readonly status?: TaskState;
  readonly after?: string;
  readonly limit?: number;
}

export interface NodeView {
  readonly id: string;
  readonly state: string;
  readonly isSpot: boolean;
  readonly runningTasks: number;
  readonly startTask: { readonly exitCode: number | null } | null;
  readonly errors: readonly string[];
}

export async function listTasks(
  send: Send,
  runId: string,
  query: TasksQuery = {},
): Promise<TasksPage> {
  const { limit, ...rest } = query;
  const text = new URLSearchParams({
    ...rest,
    ...(limit !== undefined && { limit: String(limit) }),
  }).toString();
  const path = `${pathOfRun(runId)}/tasks${text === '' ? '' : `?${text}`}`;
  return (await send('GET', path)) as TasksPage;
}

/** The nodes of an active run. */
export async function listNodes(send: Send, runId: string): Promise<readonly NodeView[]> {
  const { nodes } = (await send('GET', `${pathOfRun(runId)}/nodes`)) as {
    nodes: readonly NodeView[];
  };
  return nodes;
}
