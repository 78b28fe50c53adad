import type { SampleSet } from '../autoscale/samples';
import { armAutoscale, addSamples } from '../pools/autoscale';
import { newJobOf, watchDeadline, wakeToSettle } from '../jobs/lifecycle';
import { armNode, newNodeOf, restartNode, scheduleEviction } from '../nodes/lifecycle';
import { newPoolOf, watchDeletion } from '../pools/lifecycle';
import { resumeResize } from '../pools/resize';
import { nodeFolders } from '../execution/directories';
import { killLeftovers, killMarked } from '../execution/process-group';
import { requeueTask } from '../tasks/lifecycle';
import { watchRetention } from '../tasks/retention';
import { type Account, type Job, type Node, type Pool, keyOf } from './account';
import type {
  ApplicationRecord,
  JobRecord,
  NodeRecord,
  NodeState,
  PoolRecord,
  PreparationRecord,
  ScheduleRecord,
  TaskRecord,
  UsageRecord,
} from './records';
import { moveNode } from '../nodes/moves';

/** Restores an account from its rows. */
export function restore(account: Account, rows: ReadonlyMap<string, object>): void {
  const byKind = new Map<string, (readonly [string, object])[]>();
  for (const [row, value] of rows) {
    const [kind = ''] = row.split('/', 1);
    const all = byKind.get(kind) ?? [];
    byKind.set(kind, all);
    all.push([row, value]);
  }
  const each = <T extends object>(kind: string, put: (record: T, owner: string) => void) => {
    for (const [row, value] of byKind.get(kind) ?? []) {
      put(value as T, row.split('/')[1] ?? '');
      if ('seq' in value) account.resumeSeq(value.seq as number);
    }
  };

  each<PoolRecord>('pool', (record) => putPool(account, record));
  each<NodeRecord>('node', (record, poolKey) => putNode(account, record, poolKey));
  each<SampleSet>('samples', (samples, poolKey) => {
    const pool = account.pools.get(poolKey);
    if (pool !== undefined) addSamples(pool, samples);
  });
  each<ScheduleRecord>('schedule', (record) => {
    const key = keyOf(record.spec.id);
    account.schedules.set(key, { key, record });
  });
  each<ApplicationRecord>('application', (record) => {
    account.applications.set(keyOf(record.id), record);
  });
  each<UsageRecord>('usage', (usage) => account.usage.push(usage));
  each<JobRecord>('job', (record) => putJob(account, record));
  byKind.get('task')?.sort(([, a], [, b]) => seqOf(a) - seqOf(b));
  each<TaskRecord>('task', (record, jobKey) => account.jobs.get(jobKey)?.tasks.add(record));
  each<PreparationRecord>('preparation', (record, jobKey) => {
    account.jobs.get(jobKey)?.preparations.set(record.nodeId, record);
  });
}

function seqOf(record: object): number {
  return (record as TaskRecord).seq;
}

function putPool(account: Account, record: PoolRecord): void {
  const pool = newPoolOf(record);
  account.pools.set(pool.key, pool);
}

function putNode(account: Account, record: NodeRecord, poolKey: string): void {
  const pool = account.pools.get(poolKey);
  pool?.nodes.set(record.id, newNodeOf(record, pool));
}

function putJob(account: Account, record: JobRecord): void {
  const job = newJobOf(record);
  account.jobs.set(job.key, job);
  job.pool = account.pools.get(keyOf(record.poolId ?? ''));
  job.pool?.jobs.add(job);
}

/**
 * Continues after a restart. For the nodes the absence was a reboot: processes that an earlier
 * stand-in left behind are killed, start tasks run again, and interrupted tasks run again.
 */
export function resume(account: Account): void {
  account.runExclusive(() => {
    for (const job of account.jobs.values()) {
      requeueRunning(account, job);
      for (const task of job.tasks.all()) watchRetention(account, job, task);
    }
    for (const pool of account.pools.values()) resumePool(account, pool);
    for (const job of account.jobs.values()) resumeJob(account, job);
    for (const schedule of account.schedules.values()) account.reviewSchedule(schedule);
  });
}

function requeueRunning(account: Account, job: Job): void {
  for (const task of job.tasks.running()) requeueTask(account, job, task);
  for (const record of job.preparations.values()) {
    if (record.preparation.state === 'running') account.dropPreparation(job, record);
    else if (record.release?.state === 'running') delete record.release;
  }
}

/** States of a node that was up, and comes up again. */
const UP: readonly NodeState[] = ['waitingforstarttask', 'idle', 'running', 'offline'];

function resumePool(account: Account, pool: Pool): void {
  for (const node of pool.nodes.values()) resumeNode(account, node);
  if (pool.record.state === 'deleting') {
    watchDeletion(account, pool);
    return;
  }
  resumeResize(account, pool);
  armAutoscale(account, pool);
}

function resumeNode(account: Account, node: Node): void {
  const { processes, root } = nodeFolders(account, node);
  const killed = killLeftovers(processes) + killMarked('AZ_BATCH_NODE_ROOT_DIR', root).length;
  if (killed > 0)
    account.options.log(`node ${node.record.id}: killed ${killed} leftover processes`);
  scheduleEviction(account, node);
  const { state, due } = node.record;
  if (due !== undefined) armNode(account, node);
  else if (state === 'starting') {
    // The agent had started; it starts again.
    moveNode(account, node, 'agentStarted');
    restartNode(account, node, 'rebooting', 'requeue');
  } else if (UP.includes(state)) restartNode(account, node, 'rebooting', 'requeue');
  account.reviewNode(node);
}

function resumeJob(account: Account, job: Job): void {
  const { state } = job.record;
  if (state !== 'completed') watchDeadline(account, job);
  if (state === 'terminating' || state === 'deleting') wakeToSettle(account, job);
  account.reviewJob(job);
  account.wantDispatch(job.pool);
}
