import type { BatchAccount, Node, NodeState, Pool } from './batch-state';
import { MINUTE, SECOND } from './clock';
import { compileFormula } from './formula';

/** Pools of the model: the formula evaluated, nodes that come, are taken away and leave. */

const EVALUATION = 5 * MINUTE;
const SAMPLES = 3 * MINUTE;

export function setFormula(account: BatchAccount, pool: Pool, formula: string): void {
  pool.formula = formula;
  pool.evaluate = compileFormula(formula);
  pool.formulaSetAt = account.now;
  // A formula that reads no samples always has a value.
  const isRefused =
    formula.includes('GetSample') &&
    account.chance.is(`formula ${pool.id} ${account.now}`, account.weather.formulaErrors);
  pool.formulaError = isRefused ? 'EvaluationError: the formula could not be evaluated' : null;
  evaluate(account, pool);
}

function evaluate(account: BatchAccount, pool: Pool): void {
  if (pool.nextEvaluation !== null) pool.nextEvaluation.cancelled = true;
  if (pool.isDeleting || pool.evaluate === null) return;
  pool.nextEvaluation = account.agenda.in(EVALUATION, () => evaluate(account, pool));
  // The service evaluates no formula while an earlier resize is under way.
  if (pool.resizing !== null || pool.formulaError !== null) return;
  const wanted = pool.evaluate(account.now, (name) => metric(account, pool, name));
  pool.target = { spot: wanted.spot, dedicated: wanted.dedicated };
  shrink(account, pool, wanted.terminates);
  if (missing(pool, true) + missing(pool, false) > 0) allocate(account, pool);
}

function metric(account: BatchAccount, pool: Pool, name: string): number {
  switch (name) {
    case '$PendingTasks':
      return pendingSample(account, pool);
    case '$PreemptedNodeCount':
      return count(pool, (node) => node.state === 'preempted');
    case '$CurrentLowPriorityNodes':
      return count(pool, (node) => node.isSpot && node.state !== 'leaving');
    default:
      throw new Error(`the model has no samples of ${name}`);
  }
}

function pendingSample(account: BatchAccount, pool: Pool): number {
  notePending(account, pool);
  const from = account.now - SAMPLES;
  while ((pool.pending[1]?.at ?? Infinity) <= from) pool.pending.shift();
  return Math.max(0, ...pool.pending.map((sample) => sample.count));
}

/** Called whenever tasks come or end. */
export function notePending(account: BatchAccount, pool: Pool): void {
  const readyOnly = account.weather.samplesReadyTasks;
  let pending = 0;
  for (const job of account.jobs.values()) {
    if (job.poolId !== pool.id || job.state !== 'active') continue;
    for (const task of job.tasks.values()) {
      if (task.state === 'running') pending++;
      else if (task.state === 'active' && (!readyOnly || account.isReady(task))) pending++;
    }
  }
  if (pool.pending.at(-1)?.count !== pending)
    pool.pending.push({ at: account.now, count: pending });
}

function count(pool: Pool, is: (node: Node) => boolean): number {
  let found = 0;
  for (const node of pool.nodes.values()) if (is(node)) found += 1;
  return found;
}

function stays(node: Node, isSpot: boolean): boolean {
  return node.isSpot === isSpot && node.state !== 'leaving' && !node.isDraining;
}

function missing(pool: Pool, isSpot: boolean): number {
  const target = isSpot ? pool.target.spot : pool.target.dedicated;
  return Math.max(0, target - count(pool, (node) => stays(node, isSpot)));
}

/** From the first to leave to the last. */
const LEAVES_FIRST: readonly NodeState[] = [
  'preempted',
  'unusable',
  'startTaskFailed',
  'starting',
  'waitingForStartTask',
  'idle',
  'running',
];

function shrink(account: BatchAccount, pool: Pool, terminates: boolean): void {
  for (const isSpot of [true, false]) {
    const target = isSpot ? pool.target.spot : pool.target.dedicated;
    const nodes = [...pool.nodes.values()].filter((node) => stays(node, isSpot));
    nodes.sort((a, b) => LEAVES_FIRST.indexOf(a.state) - LEAVES_FIRST.indexOf(b.state));
    for (const node of nodes.slice(0, Math.max(0, nodes.length - target))) {
      if (node.running.size > 0 && !terminates) node.isDraining = true;
      else leave(account, pool, node);
    }
  }
  if (!terminates) return;
  for (const node of pool.nodes.values()) if (node.isDraining) leave(account, pool, node);
}

function allocate(account: BatchAccount, pool: Pool): void {
  pool.resizeErrors = [];
  const seconds = account.weather.allocationSeconds;
  pool.resizing = account.agenda.in(seconds * SECOND, () => {
    pool.resizing = null;
    if (pool.isDeleting) return;
    addNodes(account, pool, false);
    if (!account.isShort('spot')) addNodes(account, pool, true);
    else if (missing(pool, true) > 0)
      pool.resizeErrors = ['AllocationFailed: Desired number of Spot nodes could not be allocated'];
  });
}

function addNodes(account: BatchAccount, pool: Pool, isSpot: boolean): void {
  const lacking = missing(pool, isSpot);
  const room = account.isShort('cores') ? 0 : isSpot ? account.roomFor(pool) : Infinity;
  const wanted = Math.min(lacking, room);
  if (wanted < lacking) {
    pool.resizeErrors = ['AccountCoreQuotaReached: The specified account has reached core quota'];
  }
  for (let number = 0; number < wanted; number++) {
    const id = `${pool.id}/node-${++pool.nodesMade}`;
    const node: Node = {
      id,
      isSpot,
      state: 'preempted',
      freeSlots: pool.slotsPerNode,
      isDraining: false,
      billedSince: null,
      inStateSince: account.now,
      running: new Set(),
      next: null,
    };
    pool.nodes.set(id, node);
    account.countNode(pool, node, 1);
    boot(account, pool, node);
  }
}

function boot(account: BatchAccount, pool: Pool, node: Node): void {
  const { weather, chance } = account;
  enter(account, pool, node, 'starting');
  if (chance.is(`stays ${node.id} ${account.now}`, weather.nodesThatStay)) return;
  const { bootSeconds, bootSpread } = weather;
  const drawn = chance.at(`boot ${node.id} ${account.now}`);
  const seconds = bootSeconds * (1 - bootSpread / 2 + bootSpread * drawn);
  node.next = account.agenda.in(seconds * SECOND, () => {
    if (chance.is(`unusable ${node.id} ${account.now}`, weather.nodesUnusable)) {
      enter(account, pool, node, 'unusable');
      return;
    }
    if ((pool.spec?.startTask ?? null) === null) {
      serve(account, pool, node);
      return;
    }
    enter(account, pool, node, 'waitingForStartTask');
    if (chance.is(`set-up ${node.id} ${account.now}`, weather.startTasksThatHang)) return;
    node.next = account.agenda.in(weather.setupSeconds * SECOND, () => {
      const failed = chance.is(`start task ${node.id} ${account.now}`, weather.startTasksThatFail);
      if (failed) enter(account, pool, node, 'startTaskFailed');
      else serve(account, pool, node);
    });
  });
}

function serve(account: BatchAccount, pool: Pool, node: Node): void {
  node.freeSlots = pool.slotsPerNode;
  enter(account, pool, node, 'idle');
  account.schedule(pool);
}

/** A node is billed in every state but preempted. */
export function enter(account: BatchAccount, pool: Pool, node: Node, state: NodeState): void {
  node.state = state;
  node.inStateSince = account.now;
  const isBilled = state !== 'preempted';
  if (isBilled && node.billedSince === null) node.billedSince = account.now;
  if (!isBilled) stopBill(account, pool, node);
}

function stopBill(account: BatchAccount, pool: Pool, node: Node): void {
  if (node.billedSince === null) return;
  pool.billedMinutes += (account.now - node.billedSince) / MINUTE;
  node.billedSince = null;
}

function dropNode(account: BatchAccount, pool: Pool, node: Node): void {
  if (pool.nodes.delete(node.id)) account.countNode(pool, node, -1);
}

export function leave(account: BatchAccount, pool: Pool, node: Node): void {
  if (node.state === 'leaving') return;
  if (node.next !== null) node.next.cancelled = true;
  account.requeueTasks(pool, node);
  if (node.state === 'preempted') {
    dropNode(account, pool, node);
    return;
  }
  enter(account, pool, node, 'leaving');
  node.next = account.agenda.in(account.weather.leavingSeconds * SECOND, () => {
    stopBill(account, pool, node);
    dropNode(account, pool, node);
  });
}

/** Takes Spot nodes away. The pool keeps them as preempted and gets them back when there are some. */
export function evict(account: BatchAccount, pool: Pool, node: Node): void {
  if (!node.isSpot || node.state === 'leaving' || node.state === 'preempted') return;
  if (node.next !== null) node.next.cancelled = true;
  account.requeueTasks(pool, node);
  enter(account, pool, node, 'preempted');
  if (node.isDraining) {
    dropNode(account, pool, node);
    return;
  }
  restoreLater(account, pool, node);
}

function restoreLater(account: BatchAccount, pool: Pool, node: Node): void {
  node.next = account.agenda.in(8 * MINUTE, () => {
    if (pool.isDeleting || node.state !== 'preempted') return;
    if (account.isShort('spot')) restoreLater(account, pool, node);
    else boot(account, pool, node);
  });
}

/** Starts a node again, with its start task. Its tasks go back to the queue. */
export function reboot(account: BatchAccount, pool: Pool, node: Node): boolean {
  if (node.state === 'leaving' || node.state === 'preempted' || node.state === 'starting') {
    return false;
  }
  if (node.next !== null) node.next.cancelled = true;
  account.requeueTasks(pool, node);
  boot(account, pool, node);
  return true;
}

export function removePool(account: BatchAccount, pool: Pool): void {
  pool.isDeleting = true;
  if (pool.nextEvaluation !== null) pool.nextEvaluation.cancelled = true;
  if (pool.resizing !== null) pool.resizing.cancelled = true;
  for (const node of pool.nodes.values()) leave(account, pool, node);
  const { leavingSeconds } = account.weather;
  const seconds = Math.max(deletionSeconds(account, pool.id), leavingSeconds);
  account.agenda.in(seconds * SECOND + 1, () => {
    pool.goneAt = account.now;
    account.pools.delete(pool.id.toLowerCase());
  });
}

/** Longer than a run waits for its clean-up. */
const HANGING_SECONDS = 4 * 3600;

export function deletionSeconds({ chance, weather }: BatchAccount, id: string): number {
  const hangs = chance.is(`deletion ${id}`, weather.deletionsThatHang);
  return hangs ? HANGING_SECONDS : weather.deletionSeconds;
}

/** Node-minutes of a pool so far. */
export function billOf(pool: Pool, now: number): number {
  let minutes = pool.billedMinutes;
  for (const { billedSince } of pool.nodes.values()) {
    if (billedSince !== null) minutes += (now - billedSince) / MINUTE;
  }
  return minutes;
}
