import type { NodeCounts } from '../run';

/** Reads of tasks, nodes and their files, for people and records: a part of the port of Batch. */

export interface BatchReads {
  /** A page of the tasks of a job in the order of the service; null when the job does not exist. */
  listTasks(jobId: string, query: TaskQuery): Promise<TaskPage | null>;
  /** A part of a file on a node; null when the file or its node does not exist, or not yet. */
  readNodeFile(file: NodeFile, part: Part): Promise<FilePart | null>;
  /** The nodes of a pool in the order of the service, at most `limit`; null when it does not exist. */
  listNodes(poolId: string, limit: number): Promise<readonly NodeView[] | null>;
  /** The end of a text file of a task; null when the file or its node does not exist. Default encoding: UTF-8. */
  readTaskFile(
    jobId: string,
    taskId: string,
    file: string,
    maxBytes: number,
    encoding?: string,
  ): Promise<string | null>;
  /**
   * The end of `stdout.txt` or `stderr.txt` of the start task, from a node on which it failed, else
   * from one on which it runs; null without such a node.
   */
  readStartTaskFile(poolId: string, file: string, maxBytes: number): Promise<string | null>;
}

export type TaskState = 'waiting' | 'running' | 'succeeded' | 'failed';

export const TASK_STATES = [
  'waiting',
  'running',
  'succeeded',
  'failed',
] as const satisfies readonly TaskState[];

/** A task of a job, as it is or as it ended. */
export interface TaskView {
  readonly id: string;
  readonly state: TaskState;
  /** The node of its latest execution. */
  readonly node: string | null;
  readonly exitCode: number | null;
  /** Start of the latest execution. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Executions after a failure. */
  readonly retries: number;
  /** Executions after the loss of a node. */
  readonly requeues: number;
  /** Original name of its input. Untrusted. */
  readonly input: string | null;
  /** Reason of a failure: that of Batch, or in a kept list the sentence that completes "task x …". */
  readonly cause: string | null;
}

export interface TaskQuery {
  /** Null for all. */
  readonly state: TaskState | null;
  /** `next` of the page before; null for the first page. */
  readonly cursor: string | null;
  /** Bound on the tasks of the page, which may have fewer. */
  readonly limit: number;
}

export interface TaskPage {
  readonly tasks: readonly TaskView[];
  readonly next: string | null;
}

/** A file on a node, of a task or of the node itself. */
export type NodeFile =
  | {
      readonly kind: 'task';
      readonly jobId: string;
      readonly taskId: string;
      readonly file: string;
    }
  | {
      readonly kind: 'node';
      readonly poolId: string;
      readonly nodeId: string;
      readonly file: string;
    };

export interface Part {
  /** Index of the first byte; a negative one counts from the end. */
  readonly offset: number;
  readonly maxBytes: number;
}

export interface FilePart {
  /** Empty beyond the end. */
  readonly bytes: Uint8Array;
  /** Index of the first of the bytes. */
  readonly offset: number;
  /** Bytes of the whole file, as of now. */
  readonly length: number;
}

export interface NodeView {
  readonly id: string;
  readonly state: keyof NodeCounts;
  readonly isSpot: boolean;
  /** Last change of the state. */
  readonly since: string | null;
  readonly allocatedAt: string | null;
  readonly runningTasks: number;
  /** Result of the start task; null before its end, and without one. */
  readonly startTask: {
    readonly exitCode: number | null;
    readonly startedAt: string | null;
    readonly endedAt: string | null;
    readonly retries: number;
  } | null;
  readonly errors: readonly string[];
}
