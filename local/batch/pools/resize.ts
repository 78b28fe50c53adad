import type { DeallocationOption } from '../bodies/pool';
import { createNode, removeNode } from '../nodes/lifecycle';
import { coresOf } from '../nodes/sizes';
import type { Account, Node, Pool } from '../state/account';
import type { NodeState, NodeTargets, Problem } from '../state/records';

/**
 * Starts a resize: surplus nodes leave at once (as the option says), missing nodes come after the
 * allocation time. The pool is steady again when it has its targets, when it cannot reach them, or
 * when the resize is stopped; in the last two cases `resizeErrors` has the reason.
 */
export function beginResize(
  account: Account,
  pool: Pool,
  targets: NodeTargets,
  option: DeallocationOption = 'requeue',
  timeoutMs: number = pool.record.resizeTimeoutMs,
): void {
  const { record } = pool;
  const now = account.now();
  record.targets = targets;
  record.resizeErrors = [];
  record.resize = {
    startedAt: now,
    allocateAt: now + account.timings.allocationSeconds * 1000,
    giveUpAt: now + timeoutMs,
    option,
  };
  setAllocation(account, pool, 'resizing');
  shrink(account, pool, 'dedicated', option);
  shrink(account, pool, 'lowPriority', option);
  armResize(account, pool);
}

/** Schedules the allocation and the time limit of a resize. */
function armResize(account: Account, pool: Pool): void {
  const { resize } = pool.record;
  if (resize === undefined) return;
  account.wakeAt(`resize ${pool.key}`, resize.allocateAt, () => allocate(account, pool));
  // An autoscale pool has no time limit: the next evaluation is its next attempt.
  if (pool.record.autoscale !== undefined) return;
  account.wakeAt(`resize-timeout ${pool.key}`, resize.giveUpAt, () => giveUp(account, pool));
}

/** Interval between two attempts to get machines that Azure did not have. */
const RETRY_MS = 30_000;

type Kind = keyof NodeTargets;

const KINDS: readonly Kind[] = ['dedicated', 'lowPriority'];

function nodesOf(pool: Pool, kind: Kind): Node[] {
  return [...pool.nodes.values()].filter(
    ({ record }) => record.dedicated === (kind === 'dedicated') && record.state !== 'leavingpool',
  );
}

export function currentNodes(pool: Pool): NodeTargets {
  let dedicated = 0;
  let lowPriority = 0;
  for (const { record } of pool.nodes.values()) {
    if (record.dedicated) dedicated += 1;
    else lowPriority += 1;
  }
  return { dedicated, lowPriority };
}

/** Order in which nodes leave: those without work first, the node of a job manager last. */
const LEAVING_ORDER: readonly NodeState[] = [
  'preempted',
  'unusable',
  'unknown',
  'starttaskfailed',
  'offline',
  'creating',
  'reimaging',
  'rebooting',
  'starting',
  'waitingforstarttask',
  'idle',
  'running',
];

function shrink(account: Account, pool: Pool, kind: Kind, option: DeallocationOption): void {
  const nodes = nodesOf(pool, kind);
  const surplus = nodes.length - pool.record.targets[kind];
  if (surplus <= 0) return;
  const order = nodes.sort((a, b) => leavingRank(a) - leavingRank(b));
  for (const node of order.slice(0, surplus)) removeNode(account, node, option);
}

function leavingRank(node: Node): number {
  const attempts = [...node.attempts.values()];
  const hasManager = attempts.some(({ task }) => task.isJobManager === true);
  return LEAVING_ORDER.indexOf(node.record.state) * 1000 + attempts.length + (hasManager ? 500 : 0);
}

function allocate(account: Account, pool: Pool): void {
  const { resize } = pool.record;
  if (resize === undefined) return;
  for (const kind of KINDS) {
    const missing = pool.record.targets[kind] - nodesOf(pool, kind).length;
    const granted = Math.max(
      0,
      Math.min(missing, account.capacity.nodes, remainingNodes(account, pool, kind)),
    );
    for (let made = 0; made < granted; made += 1) createNode(account, pool, kind === 'dedicated');
    account.capacity = { ...account.capacity, nodes: account.capacity.nodes - granted };
    const code = refusalCode(account, pool, kind, missing - granted);
    if (code !== undefined) addResizeError(pool, code);
  }
  account.savePool(pool);
  account.reviewPool(pool);
  if (pool.record.resizeErrors.length > 0 || !isMissingNodes(pool)) return;
  resize.allocateAt = account.now() + RETRY_MS;
  armResize(account, pool);
}

/** The number of further nodes that the core quota of the account allows. */
function remainingNodes(account: Account, pool: Pool, kind: Kind): number {
  const quota =
    kind === 'dedicated' ? account.quotas.dedicatedCores : account.quotas.lowPriorityCores;
  let used = 0;
  for (const other of account.pools.values()) {
    const cores = coresOf(other.record.spec.vmSize);
    for (const { record } of other.nodes.values()) {
      if (record.dedicated === (kind === 'dedicated')) used += cores;
    }
  }
  return Math.max(0, Math.floor((quota - used) / coresOf(pool.record.spec.vmSize)));
}

function refusalCode(
  account: Account,
  pool: Pool,
  kind: Kind,
  missing: number,
): keyof typeof RESIZE_ERRORS | undefined {
  if (missing <= 0) return undefined;
  if (remainingNodes(account, pool, kind) === 0) {
    return kind === 'dedicated' ? 'AccountCoreQuotaReached' : 'AccountLowPriorityCoreQuotaReached';
  }
  return account.capacity.whenOut === 'fail' ? 'AllocationFailed' : undefined;
}

const RESIZE_ERRORS = {
  AccountCoreQuotaReached: 'The specified account has reached core quota',
  AccountLowPriorityCoreQuotaReached: 'The specified account has reached low priority core quota',
  AllocationFailed: 'Desired number of dedicated nodes could not be allocated',
  AllocationTimedout:
    'Desired number of nodes could not be allocated as the resize timeout was reached',
  ResizeStopped: 'Desired number of nodes could not be allocated as the resize was stopped',
} as const;

function addResizeError(pool: Pool, code: keyof typeof RESIZE_ERRORS): void {
  const { record } = pool;
  if (record.resizeErrors.some((error) => error.code === code)) return;
  const error: Problem = { code, message: RESIZE_ERRORS[code], values: [] };
  record.resizeErrors = [...record.resizeErrors, error];
}

function giveUp(account: Account, pool: Pool): void {
  if (pool.record.resize === undefined) return;
  if (isMissingNodes(pool)) addResizeError(pool, 'AllocationTimedout');
  account.reviewPool(pool);
}

export function stopResize(account: Account, pool: Pool): void {
  addResizeError(pool, 'ResizeStopped');
  setAllocation(account, pool, 'stopping');
  resumeResize(account, pool);
}

/** Continues a resize: after a restart, or to its stop. */
export function resumeResize(account: Account, pool: Pool): void {
  if (pool.record.allocationState !== 'stopping') {
    armResize(account, pool);
    return;
  }
  const stoppedAt = pool.record.allocationStateAt + account.timings.settleSeconds * 1000;
  account.wakeAt(`resize ${pool.key}`, stoppedAt, () => endResize(account, pool));
}

function isMissingNodes(pool: Pool): boolean {
  return KINDS.some((kind) => nodesOf(pool, kind).length < pool.record.targets[kind]);
}

/** Makes the pool steady when its nodes are allocated and the leaving nodes are deleted. */
export function settleResize(account: Account, pool: Pool): void {
  const { resize, allocationState, resizeErrors } = pool.record;
  if (resize === undefined || allocationState !== 'resizing') return;
  if (account.now() < resize.startedAt + account.timings.allocationSeconds * 1000) return;
  const isLeaving = [...pool.nodes.values()].some(({ record }) => record.state === 'leavingpool');
  if (isLeaving || (isMissingNodes(pool) && resizeErrors.length === 0)) return;
  endResize(account, pool);
}

function endResize(account: Account, pool: Pool): void {
  account.agenda.clear(`resize ${pool.key}`);
  account.agenda.clear(`resize-timeout ${pool.key}`);
  delete pool.record.resize;
  setAllocation(account, pool, 'steady');
}

function setAllocation(
  account: Account,
  pool: Pool,
  state: Pool['record']['allocationState'],
): void {
  pool.record.allocationState = state;
  pool.record.allocationStateAt = account.now();
  account.savePool(pool);
}
