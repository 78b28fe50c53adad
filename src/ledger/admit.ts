import { Failure } from '../failure';
import {
  decideAdmission,
  startsInLastMinute,
  type AdmissionInput,
  type AppLimits,
  type Decision,
  type Spent,
} from './admission';
import type { RunRequest } from '../run/run';
import { advanceBackfills, type BackfillContext } from './advance-backfills';
import { backfillsIn } from './backfills';
import { ACTIVE_PARTITION, ADMISSION_KEY, NOTICE_PREFIX, partitionOf, sumKey } from './keys';
import {
  insertOccurrence,
  isFinal,
  newOccurrenceRow,
  readOccurrence,
  upsert,
  versioned,
  writeOf,
  type Versioned,
} from './ledger';
import { readPredecessors } from './predecessors';
import {
  OPEN_ADMISSION,
  type ActiveRow,
  type AdmissionControl,
  type BackfillRow,
  type Closed,
  type MonthSum,
} from './rows';
import { NOTHING_SPENT } from './spending';
import type { Table } from './table';

/** The orchestrations of runs, as far as the ledger starts and wakes them. */
export interface RunStarter {
  /** Starts the orchestration of a row's term; an orchestration that is there already is success. */
  start(row: ActiveRow): Promise<void>;
  /** Has a run poll sooner than it would. */
  wake(row: ActiveRow): Promise<void>;
}

export interface AdmissionContext {
  readonly table: Table;
  readonly starter: RunStarter;
  readonly policyOf: AdmissionInput['policyOf'];
  /** All workloads whose spending counts against the month's budget. */
  readonly workloads: readonly string[];
  readonly limits: AppLimits;
  readonly now: () => Date;
  /** An id for a decision, different each time. */
  readonly newDecisionId: () => string;
  /** Records an occurrence that ends without a run, and makes its row final. */
  readonly endWithoutRun: (row: ActiveRow) => Promise<void>;
  /** Backfills register their next due times at each admission: an end makes room for one. */
  readonly backfills: Omit<BackfillContext, 'table' | 'now'>;
}

/** Storage takes 100 changes in a transaction; fewer keep two hosts from colliding for long. */
const MAX_DECISIONS = 25;
const MAX_ROWS = 5000;
/** Each conflict means that another host has decided something. */
const MAX_ATTEMPTS = 20;

/**
 * Decides for all that waits, writes the decisions in one transaction, then carries them out. Two
 * hosts that decide at once cannot both write: each decision changes the control row.
 * @returns the ids of the runs that were started
 */
export async function admit(context: AdmissionContext): Promise<readonly string[]> {
  const started: string[] = [];
  let unanswered: string | null = null;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const state = await nextState(context);
    if (unanswered !== null)
      started.push(...(await carryOut(context, decidedBy(unanswered, state))));
    unanswered = null;
    const decisions = await decide(context, state);
    if (decisions.length === 0) return started;
    if (!(await confirmKnown(context, state, decisions))) continue;
    const decision = context.newDecisionId();
    const rows = await write(context, state, decisions, decision);
    if (rows === null) {
      unanswered = decision;
      continue;
    }
    started.push(...(await carryOut(context, rows)));
    if (decisions.length < MAX_DECISIONS && !rows.some(({ state: is }) => is === 'ending')) {
      return started;
    }
  }
  return started;
}

/**
 * The effect of a decision whose write had no clear answer: a client that repeats a request after a
 * lost answer hears of a conflict with itself.
 */
function decidedBy(decision: string, { rows }: State): readonly ActiveRow[] {
  return [...rows.values()].map(({ value }) => value).filter((row) => row.decision === decision);
}

/** One row that fails keeps no other from being carried out. @throws the first error at the end */
async function carryOut(
  { starter, endWithoutRun }: AdmissionContext,
  rows: readonly ActiveRow[],
): Promise<readonly string[]> {
  const started: string[] = [];
  const errors: unknown[] = [];
  for (const row of rows) {
    try {
      if (row.state === 'ending') await endWithoutRun(row);
      else if (row.cancel !== null) await starter.wake(row);
      else if (row.state === 'starting') {
        await starter.start(row);
        started.push(row.runId);
      }
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
  return started;
}

/**
 * Compares rows that are merely known with their occurrences, after their ETags were read: a late
 * delivery may have made an active row again for what is final, or its host may have died before
 * it wrote the occurrence.
 * @returns false when a row was dropped, so that all is to be decided again
 */
async function confirmKnown(
  { table, now }: AdmissionContext,
  { rows }: State,
  decisions: readonly Decision[],
): Promise<boolean> {
  const checked = decisions.map(async ({ runId }) => {
    const found = rows.get(runId);
    if (found?.value.state !== 'known') return true;
    const known = await readOccurrence(table, runId);
    if (known === null) {
      const row = newOccurrenceRow(runId, found.value, now().toISOString());
      return insertOccurrence(table, row);
    }
    if (!isFinal(known)) return true;
    await table.remove(ACTIVE_PARTITION, runId, found.etag);
    return false;
  });
  return (await Promise.all(checked)).every(Boolean);
}

/** Steps of backfills before one decision; a range that takes more continues with the next one. */
const MAX_ADVANCES = 20;

/** The active rows, with those that backfills have registered. */
async function nextState(context: AdmissionContext): Promise<State> {
  const { table, now, backfills } = context;
  let state = await readState(table);
  for (let step = 0; step < MAX_ADVANCES; step++) {
    const rows = [...state.rows.values()].map(({ value }) => value);
    const active = { backfills: state.backfills, rows };
    if (!(await advanceBackfills({ ...backfills, table, now }, active))) break;
    state = await readState(table);
  }
  return state;
}

interface State {
  readonly backfills: readonly Versioned<BackfillRow>[];
  readonly control: Versioned<AdmissionControl> | null;
  readonly rows: ReadonlyMap<string, Versioned<ActiveRow>>;
}

async function readState(table: Table): Promise<State> {
  const found = await table.list(ACTIVE_PARTITION, { to: NOTICE_PREFIX }, MAX_ROWS);
  const control = found.find(({ key }) => key === ADMISSION_KEY) ?? null;
  const rows = found
    .filter(({ key }) => !key.startsWith('!'))
    .map((row) => [row.key, { value: row.value as unknown as ActiveRow, etag: row.etag }] as const);
  return {
    backfills: backfillsIn(found),
    control: versioned<AdmissionControl>(control),
    rows: new Map(rows),
  };
}

async function decide(context: AdmissionContext, state: State): Promise<readonly Decision[]> {
  const rows = [...state.rows.values()].map(({ value }) => value);
  const waiting = rows.filter(({ state: is }) => is === 'known' || is === 'queued');
  if (waiting.length === 0) return [];
  const now = context.now().toISOString();
  const decisions = decideAdmission({
    rows,
    control: state.control?.value ?? OPEN_ADMISSION,
    policyOf: context.policyOf,
    limits: context.limits,
    spent: await spentIn(context, now),
    predecessors: await readPredecessors(context.table, waiting),
    now,
  });
  return decisions.filter((decision) => isChange(decision, state)).slice(0, MAX_DECISIONS);
}

/** A row that waits as before, for the same reason, needs no write. */
function isChange(decision: Decision, { rows }: State): boolean {
  const row = rows.get(decision.runId)?.value;
  if (decision.kind !== 'wait' || row === undefined) return true;
  const { code, cause } = decision.reason;
  if (decision.heldUntil !== undefined && row.heldUntil === undefined) return true;
  if (row.state !== 'queued' || row.reason?.code !== code) return true;
  // Other causes hold counts, which change all the time.
  return code === 'notAllSucceeded' && row.reason.cause !== cause;
}

/** Read only where a budget is set. */
export async function spentIn(
  {
    table,
    workloads,
    limits,
    policyOf,
  }: Pick<AdmissionContext, 'table' | 'workloads' | 'limits' | 'policyOf'>,
  now: string,
): Promise<Spent> {
  const isBounded = limits.monthlyNodeMinutes !== null || limits.monthlyCost !== null;
  const counted = workloads.filter((name) => isBounded || policyOf(name)?.budget !== undefined);
  if (counted.length === 0) return NOTHING_SPENT;
  const sums = await Promise.all(
    counted.map(async (workload) => {
      const row = await table.get(partitionOf(workload), sumKey(now));
      return versioned<MonthSum>(row)?.value ?? NOTHING_SPENT;
    }),
  );
  return {
    nodeMinutes: sums.reduce((total, { nodeMinutes }) => total + nodeMinutes, 0),
    cost: sums.reduce((total, { cost }) => total + cost, 0),
    byWorkload: new Map(counted.map((name, index) => [name, sums[index]?.cost ?? 0])),
  };
}

/** The changed rows; null when another host was faster. */
async function write(
  context: AdmissionContext,
  { control, rows }: State,
  decisions: readonly Decision[],
  decision: string,
): Promise<readonly ActiveRow[] | null> {
  const at = context.now().toISOString();
  const changed = decisions.flatMap((one) => {
    const found = rows.get(one.runId);
    return found === undefined
      ? []
      : [{ row: apply(found.value, one, at, decision), etag: found.etag }];
  });
  const starts = changed.filter(({ row }) => row.state === 'starting').map(() => at);
  const next = withStarts(control?.value ?? OPEN_ADMISSION, starts, at);
  const changes = [
    writeOf(ADMISSION_KEY, next, control?.etag),
    ...changed.map(({ row, etag }) => writeOf(row.runId, row, etag)),
  ];
  const isWritten = await wasWritten(context.table.write(ACTIVE_PARTITION, changes));
  return isWritten ? changed.map(({ row }) => row) : null;
}

/** False also where no answer came: the rows then show whose decision was written. */
async function wasWritten(writing: ReturnType<Table['write']>): Promise<boolean> {
  try {
    return (await writing) === 'written';
  } catch (error) {
    if (error instanceof Failure && error.code === 'serviceUnavailable') return false;
    throw error;
  }
}

function apply(row: ActiveRow, one: Decision, at: string, decision: string): ActiveRow {
  switch (one.kind) {
    case 'start':
      return {
        ...row,
        request: followingOf(row.request, one.follows),
        state: 'starting',
        since: at,
        deadline: one.deadline,
        decision,
        reason: null,
      };
    case 'wait':
      return {
        ...row,
        state: 'queued',
        since: at,
        reason: one.reason,
        ...(one.heldUntil !== undefined && { heldUntil: one.heldUntil }),
      };
    case 'end':
      return { ...row, state: 'ending', since: at, decision, reason: one.reason };
    case 'cancel':
      return { ...row, cancel: { at, by: one.by } };
  }
}

function followingOf(
  request: RunRequest,
  runs: Readonly<Record<string, string>> | undefined,
): RunRequest {
  const { occurrence } = request;
  if (runs === undefined || occurrence.kind !== 'afterAll') return request;
  return { ...request, occurrence: { ...occurrence, runs } };
}

function withStarts(
  control: AdmissionControl,
  starts: readonly string[],
  now: string,
): AdmissionControl {
  return { ...control, recentStarts: [...startsInLastMinute(control, now), ...starts] };
}

/** Closes admission until an instant, of one workload or of all: no run starts, whatever its trigger. */
export async function closeAdmission(
  table: Table,
  closed: Closed,
  workload: string | null = null,
): Promise<void> {
  await upsert<AdmissionControl>(table, ACTIVE_PARTITION, ADMISSION_KEY, (found) => {
    const control = found ?? OPEN_ADMISSION;
    if (workload === null) return { ...control, closed };
    return { ...control, closedWorkloads: { ...control.closedWorkloads, [workload]: closed } };
  });
}
