import { isBarred } from './jobs/preparation';
import { type Account, type Job, type Node, type Pool, taskRow } from './state/account';
import type { TaskRecord } from './state/records';
import { beginAttempt } from './tasks/lifecycle';
import { runAttempt } from './tasks/run-attempt';

/** Number of tasks that may be skipped for lack of a fitting node before the next dispatch. */
const MAX_SKIPPED_TASKS = 200;

/**
 * Assigns the tasks of a pool's jobs to its nodes: jobs of higher priority first, a job manager
 * before its job's other tasks, each task to a node with enough free slots, by the pool's fill type
 * (spread or pack). Within a job no order is promised.
 */
export function dispatch(account: Account, pool: Pool): void {
  const nodes = [...pool.nodes.values()].filter(mayTakeTasks);
  if (nodes.length === 0) return;
  const jobs = [...pool.jobs]
    .filter(({ record, tasks }) => record.state === 'active' && tasks.readyCount > 0)
    .sort((a, b) => priorityOf(b) - priorityOf(a) || a.record.seq - b.record.seq);
  const free = new Map(nodes.map((node) => [node, freeSlots(node)]));
  for (const job of jobs) {
    if (free.size === 0) return;
    dispatchJob(account, job, free);
  }
}

function priorityOf(job: Job): number {
  return job.record.spec.priority ?? 0;
}

function mayTakeTasks({ record, attempts }: Node): boolean {
  if (record.state !== 'idle' && record.state !== 'running') return false;
  if (!record.schedulingEnabled || record.pending !== undefined) return false;
  for (const { isExclusive } of attempts.values()) if (isExclusive) return false;
  return true;
}

function freeSlots(node: Node): number {
  let free = node.pool.record.spec.taskSlotsPerNode ?? 1;
  for (const { slots } of node.attempts.values()) free -= slots;
  return free;
}

type Free = Map<Node, number>;

function dispatchJob(account: Account, job: Job, free: Free): void {
  for (const [node, slots] of free) if (slots <= 0) free.delete(node);
  const limit = job.record.spec.maxParallelTasks ?? -1;
  const { ready } = job.tasks;
  const passed: TaskRecord[] = [];
  while (free.size > 0 && passed.length < MAX_SKIPPED_TASKS) {
    if (limit !== -1 && job.tasks.tasks.running >= limit) break;
    const task = ready.shift();
    if (task === undefined) break;
    if (!job.tasks.isReady(task)) continue;
    const node = chooseNode(job, task, free);
    if (node === undefined) passed.push(task);
    else place(account, job, task, node, free);
  }
  ready.unshift(passed);
}

function place(account: Account, job: Job, task: TaskRecord, node: Node, free: Free): void {
  const attempt = beginAttempt(account, node, job, task);
  const left = (free.get(node) ?? 0) - attempt.slots;
  if (left > 0 && !attempt.isExclusive) free.set(node, left);
  else free.delete(node);
  account.trackBackground(runAttempt(account, attempt), `task ${job.key}/${task.spec.id}`);
}

/** The node with the task's affinity if it fits, else the emptiest or the fullest that fits. */
function chooseNode(job: Job, task: TaskRecord, free: Free): Node | undefined {
  const affinityId = task.spec.affinityInfo?.affinityId;
  const packs = job.pool?.record.spec.taskSchedulingPolicy?.nodeFillType === 'Pack';
  let best: Node | undefined;
  let bestSlots = 0;
  for (const [node, slots] of free) {
    if (!fits(job, task, node, slots)) continue;
    if (affinityId === `TVM:${node.record.id}`) return node;
    if (best === undefined || (packs ? slots < bestSlots : slots > bestSlots)) {
      best = node;
      bestSlots = slots;
    }
  }
  return best;
}

function fits(job: Job, task: TaskRecord, node: Node, slots: number): boolean {
  if (slots < (task.spec.requiredSlots ?? 1)) return false;
  // An earlier attempt of the task still has processes there.
  if (node.attempts.has(taskRow(job.key, task.spec.id))) return false;
  if (isBarred(job, node)) return false;
  if (task.isJobManager !== true) return true;
  const manager = job.record.spec.jobManagerTask;
  if (manager?.allowLowPriorityNode === false && !node.record.dedicated) return false;
  return manager?.runExclusive === false || node.attempts.size === 0;
}
