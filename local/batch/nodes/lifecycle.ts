import fsp from 'node:fs/promises';
import { startStartTask } from './start-task';
import { nodeFolders, moveToTrash } from '../execution/directories';
import { killMarked } from '../execution/process-group';
import { recordUsage } from '../account-info/usage';
import type { Account, Node, Pool } from '../state/account';
import type { NodeDue, NodeRecord } from '../state/records';
import { newIpAddress, newNodeId } from './names';
import { readyNode } from './ready';
import { nodeRetainedUntil } from './retention';
import { moveNode, moves } from './moves';
import { problemOf, breakNode, stopEverything } from './break-node';

/** Creates a node: a machine allocated for a pool. */
export function createNode(account: Account, pool: Pool, dedicated: boolean): Node {
  const now = account.now();
  const record: NodeRecord = {
    seq: account.nextSeq(),
    id: newNodeId(dedicated),
    poolKey: pool.key,
    dedicated,
    state: 'creating',
    stateAt: now,
    schedulingEnabled: true,
    allocatedAt: now,
    ipAddress: newIpAddress(pool.nodes.size),
    tasksRun: 0,
    tasksSucceeded: 0,
    recentTasks: [],
    problems: [],
    users: [],
  };
  const node = newNodeOf(record, pool);
  pool.nodes.set(record.id, node);
  schedule(account, node, 'booted', account.timings.bootSeconds);
  scheduleEviction(account, node);
  return node;
}

export function newNodeOf(record: NodeRecord, pool: Pool): Node {
  return { record, pool, attempts: new Map(), special: new Set(), mounts: [], packages: [] };
}

function schedule(account: Account, node: Node, event: NodeDue['event'], seconds: number): void {
  node.record.due = { event, at: account.now() + seconds * 1000 };
  account.saveNode(node);
  armNode(account, node);
}

/** Schedules the node's next event; also after a restart. */
export function armNode(account: Account, node: Node): void {
  const { due } = node.record;
  const key = `node ${node.record.id}`;
  if (due === undefined) account.agenda.clear(key);
  else account.wakeAt(key, due.at, () => handleNodeEvent(account, node, due.event));
}

function handleNodeEvent(account: Account, node: Node, event: NodeDue['event']): void {
  delete node.record.due;
  switch (event) {
    case 'booted':
      node.record.bootedAt = account.now();
      moveNode(account, node, 'booted');
      schedule(account, node, 'agentStarted', account.timings.agentSeconds);
      return;
    case 'agentStarted':
      startAgent(account, node);
      return;
    case 'restored':
      moveNode(account, node, 'restored');
      node.record.allocatedAt = account.now();
      schedule(account, node, 'booted', account.timings.bootSeconds);
      scheduleEviction(account, node);
      return;
    case 'left':
      dropNode(account, node);
  }
}

/** The agent creates the node's directories; then the start task runs, if there is one. */
function startAgent(account: Account, node: Node): void {
  if (waitsForIdentity(account, node)) return;
  const boot = node.record.bootedAt;
  const readying = readyNode(account, node)
    .catch((error: unknown) => [problemOf('Unknown', String(error))])
    .then((problems) =>
      account.runExclusive(() => {
        if (node.record.state !== 'starting' || node.record.bootedAt !== boot) return;
        if (problems.length > 0) breakNode(account, node, problems);
        else startStartTask(account, node);
      }),
    );
  account.trackBackground(readying, `node ${node.record.id}`);
}

/**
 * A node that has to download packages from storage that accepts identities only, and has none,
 * stays in the state `starting` (scenario 3 of
 * https://learn.microsoft.com/troubleshoot/azure/hpc/batch/use-managed-identities-azure-batch-account-pool).
 */
function waitsForIdentity({ options }: Account, { pool }: Node): boolean {
  const { applicationPackageReferences: packages = [] } = pool.record.spec;
  return options.autoStorageMode === 'BatchAccountManagedIdentity' && packages.length > 0;
}

/** Evicts a node: its tasks run again elsewhere, its disk is lost. */
export function evictNode(account: Account, node: Node): void {
  if (moves[node.record.state].evicted === undefined) return;
  delete node.record.due;
  delete node.record.bootedAt;
  delete node.record.startTaskInfo;
  stopEverything(account, node, 'requeue');
  recordUsage(account, node);
  moveNode(account, node, 'evicted');
  removeFolders(account, node);
  schedule(account, node, 'restored', account.timings.restoreSeconds);
}

/** With an eviction rate, each Spot node draws its own time. */
export function scheduleEviction(account: Account, node: Node): void {
  if (node.record.dedicated || account.timings.evictionsPerNodeHour <= 0) return;
  const hours = -Math.log(1 - account.options.random()) / account.timings.evictionsPerNodeHour;
  account.wakeAt(`eviction ${node.record.id}`, account.now() + hours * 3_600_000, () => {
    if (node.pool.nodes.get(node.record.id) === node) evictNode(account, node);
  });
}

/** Reboots at once, or after the tasks that may finish. */
export function restartNode(
  account: Account,
  node: Node,
  how: 'rebooting' | 'reimaging',
  option: 'requeue' | 'terminate' | 'taskcompletion' | 'retaineddata',
): void {
  node.record.pending = how;
  if (option === 'requeue' || option === 'terminate') stopEverything(account, node, option);
  account.saveNode(node);
  account.reviewNode(node);
}

/** Removes a node from the pool, at once or after its tasks. */
export function removeNode(
  account: Account,
  node: Node,
  option: 'requeue' | 'terminate' | 'taskcompletion' | 'retaineddata',
): void {
  if (node.record.state === 'leavingpool') return;
  node.record.leaving = option;
  delete node.record.due;
  delete node.record.pending;
  armNode(account, node);
  if (option === 'requeue' || option === 'terminate') stopEverything(account, node, option);
  moveNode(account, node, 'removed');
}

/** Moves a node to its next state after something on it started or ended. */
export function reviewNode(account: Account, node: Node): void {
  const { record } = node;
  if (node.pool.nodes.get(record.id) !== node) return;
  const isFree = node.attempts.size === 0;
  if (record.state === 'leavingpool') {
    if (isFree && record.due === undefined && !waitsForRetention(account, node))
      startLeaving(account, node);
    return;
  }
  if (record.pending !== undefined && isFree) {
    restart(account, node, record.pending);
    return;
  }
  if (record.state === 'idle' && !isFree) moveNode(account, node, 'taskBegan');
  else if (record.state === 'running' && isFree) moveNode(account, node, 'lastTaskEnded');
  else if (record.state === 'idle' && isFree && !record.schedulingEnabled) {
    moveNode(account, node, 'schedulingStopped');
  } else if (record.state === 'offline' && record.schedulingEnabled) {
    moveNode(account, node, 'schedulingResumed');
  }
}

function restart(account: Account, node: Node, how: 'rebooting' | 'reimaging'): void {
  const { record } = node;
  delete record.pending;
  delete record.startTaskInfo;
  record.problems = [];
  for (const special of node.special) special.abort();
  moveNode(account, node, how === 'rebooting' ? 'reboot' : 'reimage');
  if (how === 'reimaging') {
    removeFolders(account, node);
    for (const job of node.pool.jobs) {
      const preparation = job.preparations.get(record.id);
      if (preparation !== undefined) account.dropPreparation(job, preparation);
    }
  }
  schedule(account, node, 'booted', account.timings.bootSeconds);
}

/**
 * With `retaineddata` a node stays until the files of finished tasks have passed their retention
 * time.
 */
function waitsForRetention(account: Account, node: Node): boolean {
  if (node.record.leaving !== 'retaineddata') return false;
  const until = nodeRetainedUntil(account, node);
  if (until <= account.now()) return false;
  account.wakeAt(`retention ${node.record.id}`, until, () => account.reviewNode(node));
  return true;
}

function startLeaving(account: Account, node: Node): void {
  schedule(account, node, 'left', account.timings.leavingSeconds);
}

function dropNode(account: Account, node: Node): void {
  stopEverything(account, node, 'requeue');
  if (node.record.previousState !== 'preempted') recordUsage(account, node);
  account.agenda.clear(`eviction ${node.record.id}`);
  removeFolders(account, node);
  account.dropNode(node);
  account.reviewPool(node.pool);
}

/** Deletes the disk of a node. */
function removeFolders(account: Account, node: Node): void {
  killMarked('AZ_BATCH_NODE_ROOT_DIR', nodeFolders(account, node).root);
  const aside = moveToTrash(account, node);
  if (aside === undefined) return;
  const removing = fsp.rm(aside, { recursive: true, force: true, maxRetries: 3 });
  account.trackBackground(removing, `node ${node.record.id}`);
}
