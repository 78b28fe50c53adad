import type { Job, Node } from '../state/account';
import type { TaskRecord } from '../state/records';

/** One try of a task on a node. It holds its slots until its processes are gone. */
export interface Attempt {
  readonly job: Job;
  readonly task: TaskRecord;
  readonly node: Node;
  readonly slots: number;
  /** A job manager that shares its node with nothing. */
  readonly isExclusive: boolean;
  readonly abort: AbortController;
  /** Set when the task went another way; how its process ends no longer matters. */
  isOver: boolean;
}
