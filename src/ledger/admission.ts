import { heldByPause, pausedSince, skippedByPause } from './pauses';
import { beyondBudget, beyondLimit, minutesAfter, nextMonth, type Budget } from './budget';
import { FRESH_MS } from './due-times';
import type { Predecessors } from './predecessors';
import { isAskedFor, type ActiveRow, type AdmissionControl, type Reason } from './rows';

/**
 * Decides which of the waiting occurrences start now: one decision over all active rows, so that the
 * overlap policy and the bounds on sums hold whatever trigger they came by. Pure.
 */

/** The part of a workload that admission depends on. */
export interface WorkloadPolicy {
  readonly overlap: 'forbid' | 'replace' | 'queue' | 'allow';
  /** Bound on active runs of the workload. */
  readonly maxActiveRuns: number;
  readonly deadlineMinutes: number;
  /** Minutes within which a run starts once those that it waits for have ended. */
  readonly startWithinMinutes: number;
  /** Policy when one of the runs that it waits for did not succeed. */
  readonly whenNotSucceeded: 'skip' | 'run';
  /** The money that its runs of a month may take, in the currency of the prices. Undefined without a budget. */
  readonly budget?: Budget;
}

/** Bounds on sums over the whole app; null for none. */
export interface AppLimits {
  readonly maxActiveRuns: number;
  readonly maxStartsPerMinute: number;
  readonly monthlyNodeMinutes: number | null;
  readonly monthlyCost: number | null;
}

/** The sum of what the ended runs of the month took. */
export interface Spent {
  readonly nodeMinutes: number;
  readonly cost: number;
  /** The cost by workload, of those that have a budget. */
  readonly byWorkload?: ReadonlyMap<string, number>;
}

export interface AdmissionInput {
  readonly rows: readonly ActiveRow[];
  readonly control: AdmissionControl;
  /** Null for a workload that the app no longer has. */
  readonly policyOf: (workload: string) => WorkloadPolicy | null;
  readonly limits: AppLimits;
  readonly spent: Spent;
  /** Of the rows that wait for the runs of several workloads, by their run id. */
  readonly predecessors: ReadonlyMap<string, Predecessors>;
  readonly now: string;
}

/** The decision on a row; rows that are not named stay as they are. */
export type Decision =
  | {
      readonly kind: 'start';
      readonly runId: string;
      readonly deadline: string;
      /** The runs that it follows, where it waited for several. */
      readonly follows?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'wait';
      readonly runId: string;
      readonly reason: Reason;
      /** The end of its start window, where it waits for the budget of the next month. */
      readonly heldUntil?: string;
    }
  | { readonly kind: 'end'; readonly runId: string; readonly reason: Reason }
  | { readonly kind: 'cancel'; readonly runId: string; readonly by: string };

type Waiting = Extract<Decision, { readonly kind: 'wait' }>;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

export function decideAdmission(input: AdmissionInput): readonly Decision[] {
  const decisions = new Map<string, Decision>();
  const active = input.rows.filter(isAdmitted);
  const room = roomIn(input, active);
  for (const row of inOrder(input)) {
    const policy = input.policyOf(row.workload);
    const decision =
      policy === null
        ? end(row, 'skipped', 'unknownWorkload', `workload ${row.workload} no longer exists`)
        : decideRow(input, row, policy, active, room, decisions);
    if (decision.kind === 'start') {
      active.push({ ...row, state: 'starting' });
      room.take(row);
    }
    decisions.set(row.runId, decision);
  }
  return [...decisions.values()];
}

/** A run that the reconciler ends has its nodes until it is final. */
export function isAdmitted({ state, deadline }: ActiveRow): boolean {
  return state === 'starting' || state === 'running' || (state === 'ending' && deadline !== null);
}

/** A row that admission has not let in, nor decided to end. */
export function isWaiting({ state }: ActiveRow): boolean {
  return state === 'known' || state === 'queued';
}

/** By priority, one level more for each hour waited, then by instant. */
function inOrder({ rows, now }: AdmissionInput): readonly ActiveRow[] {
  const rank = (row: ActiveRow) =>
    row.priority + Math.floor((Date.parse(now) - Date.parse(row.knownAt)) / HOUR_MS);
  return rows
    .filter(isWaiting)
    .sort(
      (one, other) =>
        rank(other) - rank(one) ||
        one.instant.localeCompare(other.instant) ||
        one.runId.localeCompare(other.runId),
    );
}

function decideRow(
  input: AdmissionInput,
  row: ActiveRow,
  policy: WorkloadPolicy,
  active: readonly ActiveRow[],
  room: Room,
  decisions: Map<string, Decision>,
): Decision {
  const { rows, control, now, predecessors } = input;
  const reason = reasonToEnd(control, row, now);
  if (reason !== null) return { kind: 'end', runId: row.runId, reason };
  const held = heldByPause(control, row, now);
  if (held !== null) return { kind: 'wait', runId: row.runId, reason: held };
  const before = predecessorDecision(input, row, policy);
  if (before !== null) return before;
  const others = active.filter(({ workload }) => workload === row.workload);
  const candidates = rows.filter(
    (one) =>
      isWaiting(one) &&
      reasonToEnd(control, one, now) === null &&
      predecessors.get(one.runId)?.kind !== 'waiting',
  );
  const given = { row, others, candidates, decisions, now };
  const overlap = overlapDecision(policy.overlap, given);
  if (overlap !== null) return overlap;
  if (others.length >= policy.maxActiveRuns) {
    return wait(row, 'tooManyRuns', `${others.length} runs of ${row.workload} are active`);
  }
  const beyond = budgetDecision(input, row, policy, others);
  if (beyond !== null) return beyond;
  const full = room.reasonAgainst(row);
  if (full !== null) return { kind: 'wait', runId: row.runId, reason: full };
  const deadline = minutesAfter(now, policy.deadlineMinutes);
  const ended = predecessors.get(row.runId);
  const follows = ended?.kind === 'ended' && { follows: ended.runs };
  return { kind: 'start', runId: row.runId, deadline, ...follows };
}

function budgetDecision(
  { spent: { byWorkload }, now }: AdmissionInput,
  row: ActiveRow,
  { budget, startWithinMinutes }: WorkloadPolicy,
  active: readonly ActiveRow[],
): Decision | null {
  if (budget === undefined) return null;
  const spent = byWorkload?.get(row.workload) ?? 0;
  const cause = beyondBudget(budget, row, { spent, active });
  if (cause === null) return null;
  if (budget.whenExceeded === 'refuse') return end(row, 'skipped', 'budgetExceeded', cause);
  const heldUntil = minutesAfter(nextMonth(now), startWithinMinutes);
  return { ...wait(row, 'budgetReached', cause), heldUntil };
}

/** Null for a row whose predecessors have ended as it needs, and for one that has none. */
function predecessorDecision(
  { predecessors, control, now }: AdmissionInput,
  row: ActiveRow,
  { whenNotSucceeded, startWithinMinutes }: WorkloadPolicy,
): Decision | null {
  const before = predecessors.get(row.runId);
  if (before === undefined) return null;
  if (before.kind === 'waiting') return wait(row, 'notAllSucceeded', before.cause);
  if (before.others.length > 0 && whenNotSucceeded === 'skip') {
    return end(row, 'skipped', 'notAllSucceeded', before.others.join('; '));
  }
  const from = before.at > row.knownAt ? before.at : row.knownAt;
  const window = Date.parse(from) + startWithinMinutes * MINUTE_MS + pausedSince(control, row, now);
  const until = Math.max(window, heldUntilOf(row));
  if (Date.parse(now) <= until) return null;
  return { kind: 'end', runId: row.runId, reason: missed(row, new Date(until).toISOString()) };
}

/** Null for a row that may still start. */
function reasonToEnd(control: AdmissionControl, row: ActiveRow, now: string): Reason | null {
  const { cancel, startBy } = row;
  if (cancel !== null) {
    const cause = 'the run was cancelled before it started';
    return { kind: 'skipped', code: 'cancelled', cause };
  }
  const skipped = skippedByPause(control, row);
  if (skipped !== null) return skipped;
  if (Date.parse(now) <= Date.parse(startBy) + pausedSince(control, row, now)) return null;
  if (Date.parse(now) <= heldUntilOf(row)) return null;
  return missed(row, row.heldUntil ?? startBy);
}

function heldUntilOf({ heldUntil }: ActiveRow): number {
  return heldUntil === undefined ? 0 : Date.parse(heldUntil);
}

/** The end of a start window, with what the row waited for in it: runs before it end before it begins. */
function missed({ reason }: ActiveRow, startBy: string): Reason {
  const isKnown = reason?.kind === 'waiting' && reason.code !== 'notAllSucceeded';
  const waited = isKnown ? `: ${reason.cause}` : '';
  const cause = `the run could not start before ${startBy}${waited}`;
  return { kind: 'missed', code: 'startWindowEnded', cause };
}

interface OverlapInput {
  readonly row: ActiveRow;
  /** The active runs of its workload. */
  readonly others: readonly ActiveRow[];
  /** The rows that may still start. */
  readonly candidates: readonly ActiveRow[];
  readonly decisions: Map<string, Decision>;
  readonly now: string;
}

/** Null where the policy lets the row start. */
function overlapDecision(
  overlap: WorkloadPolicy['overlap'],
  { row, others, candidates, decisions, now }: OverlapInput,
): Decision | null {
  const holder = others[0]?.runId;
  switch (overlap) {
    case 'allow':
      return null;
    case 'forbid':
      return forbidDecision(row, others, now);
    case 'queue':
      if (holder === undefined) return null;
      return wait(row, 'overlapped', `run ${holder} of ${row.workload} is active`);
    case 'replace':
      return replaceDecision(candidates, row, others, decisions);
  }
}

/** An attempt that was asked for replaces no other and is not replaced: it waits, and is waited for. */
function replaceDecision(
  candidates: readonly ActiveRow[],
  row: ActiveRow,
  others: readonly ActiveRow[],
  decisions: Map<string, Decision>,
): Decision | null {
  const holder = others.find((one) => isAskedFor(row) || isAskedFor(one)) ?? others[0];
  if (!isAskedFor(row)) {
    // A due time that is registered late does not replace a run of a newer one.
    const staying = others.filter(
      (one) => one.cancel === null && one.state !== 'ending' && !isAskedFor(one),
    );
    const later = staying.filter(({ instant }) => instant > row.instant);
    const fresh = candidates.filter((one) => !isAskedFor(one));
    const newer = newestOf([...fresh, ...later], row);
    if (newer !== row.runId) {
      return end(row, 'skipped', 'overlapped', `run ${newer} is newer and replaces it`);
    }
    // The reconciler ends a run that is ending: no orchestration reads a cancel of it.
    for (const { runId } of staying) {
      decisions.set(runId, { kind: 'cancel', runId, by: row.runId });
    }
  }
  if (holder === undefined) return null;
  return isAskedFor(row) || isAskedFor(holder)
    ? wait(row, 'overlapped', `run ${holder.runId} of ${row.workload} is active`)
    : wait(row, 'overlapped', `run ${holder.runId}, which this run replaces, is ending`);
}

/** An attempt that was asked for waits, and makes no occurrence skip that came by itself. */
function forbidDecision(
  row: ActiveRow,
  others: readonly ActiveRow[],
  now: string,
): Decision | null {
  const [holder] = others;
  if (holder === undefined) return null;
  const first = isAskedFor(row) ? undefined : others.find((one) => !isAskedFor(one));
  if (first !== undefined && !isJustMadeUp(row, now)) {
    return end(row, 'skipped', 'overlapped', `run ${first.runId} of ${row.workload} was active`);
  }
  return wait(row, 'overlapped', `run ${holder.runId} of ${row.workload} is active`);
}

/**
 * True while a due time that was made up waits for the run before it: after an outage that run may have ended long
 * ago, and have had no host to record it.
 */
function isJustMadeUp({ request, instant, knownAt }: ActiveRow, now: string): boolean {
  const wasLate = Date.parse(knownAt) - Date.parse(instant) > FRESH_MS;
  const waited = Date.parse(now) - Date.parse(knownAt);
  return request.occurrence.kind === 'schedule' && wasLate && waited < FRESH_MS;
}

function newestOf(candidates: readonly ActiveRow[], row: ActiveRow): string {
  const ofWorkload = candidates.filter(({ workload }) => workload === row.workload);
  return ofWorkload.reduce((best, one) => (isNewer(one, best) ? one : best), row).runId;
}

function isNewer(one: ActiveRow, other: ActiveRow): boolean {
  return one.instant === other.instant ? one.runId > other.runId : one.instant > other.instant;
}

/** The remainder of the app's bounds while rows are admitted one after another. */
interface Room {
  reasonAgainst(row: ActiveRow): Reason | null;
  take(row: ActiveRow): void;
}

/** Sums over the app as it is with the rows that have been admitted so far. */
interface Taken {
  readonly runs: number;
  readonly starts: number;
  readonly nodeMinutes: number;
  readonly cost: number;
}

export function startsInLastMinute(
  { recentStarts }: AdmissionControl,
  now: string,
): readonly string[] {
  return recentStarts.filter((at) => Date.parse(now) - Date.parse(at) < MINUTE_MS);
}

function roomIn(input: AdmissionInput, active: readonly ActiveRow[]): Room {
  const { control, spent, now } = input;
  const recent = startsInLastMinute(control, now);
  let taken: Taken = { ...spent, runs: 0, starts: recent.length };
  for (const row of active) taken = { ...takenWith(taken, row), starts: taken.starts };
  return {
    reasonAgainst: (row) => reasonAgainst(input, taken, row),
    take: (row) => {
      taken = takenWith(taken, row);
    },
  };
}

function takenWith({ runs, starts, nodeMinutes, cost }: Taken, { mayTake }: ActiveRow): Taken {
  return {
    runs: runs + 1,
    starts: starts + 1,
    nodeMinutes: nodeMinutes + mayTake.nodeMinutes,
    cost: cost + (mayTake.cost ?? 0),
  };
}

function reasonAgainst(
  { control, limits, now }: AdmissionInput,
  { runs, starts, nodeMinutes, cost }: Taken,
  { workload, mayTake }: ActiveRow,
): Reason | null {
  for (const closed of [control.closed, control.closedWorkloads[workload] ?? null]) {
    if (closed === null || now >= closed.until) continue;
    const what = closed === control.closed ? 'all starts' : `all starts of ${workload}`;
    return waiting('admissionClosed', `${closed.by} stopped ${what}: ${closed.why}`);
  }
  if (runs >= limits.maxActiveRuns) {
    return waiting('tooManyRuns', `${runs} runs of this app are active`);
  }
  if (starts >= limits.maxStartsPerMinute) {
    return waiting('tooManyRuns', `${starts} runs were started in the last minute`);
  }
  const { monthlyNodeMinutes, monthlyCost } = limits;
  if (monthlyNodeMinutes !== null && nodeMinutes + mayTake.nodeMinutes > monthlyNodeMinutes) {
    return waiting('budgetReached', beyondLimit(nodeMinutes, monthlyNodeMinutes, 'node-minutes'));
  }
  if (monthlyCost !== null && cost + (mayTake.cost ?? 0) > monthlyCost) {
    return waiting('budgetReached', beyondLimit(cost, monthlyCost, 'of the currency of prices'));
  }
  return null;
}

function waiting(code: Reason['code'], cause: string): Reason {
  return { kind: 'waiting', code, cause };
}

function wait({ runId }: ActiveRow, code: Reason['code'], cause: string): Waiting {
  return { kind: 'wait', runId, reason: waiting(code, cause) };
}

function end(
  { runId }: ActiveRow,
  kind: 'skipped' | 'missed',
  code: Reason['code'],
  cause: string,
): Decision {
  return { kind: 'end', runId, reason: { kind, code, cause } };
}
