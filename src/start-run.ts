import type { DurableClient } from 'durable-functions';
import { admissionOf, policyOf, type App } from './app';
import { Failure } from './failure';
import { adoptFormerRun, takeFormerRuns } from './former-version';
import { decideAdmission } from './ledger/admission';
import { admit, spentIn } from './ledger/admit';
import {
  ACTIVE_PARTITION,
  ADMISSION_KEY,
  KEY_PARTITION,
  occurrenceKey,
  partsOfRunId,
} from './ledger/keys';
import {
  newActiveRow,
  readOccurrence,
  register,
  versioned,
  type NewOccurrence,
  type Registered,
} from './ledger/ledger';
import { listActive } from './ledger/list';
import { OPEN_ADMISSION, type AdmissionControl } from './ledger/rows';
import type { Table } from './ledger/table';
import { followUpsOf } from './ledger/predecessors';
import { readUpkeep, type Upkeep } from './ledger/upkeep';
import type { RunRequest } from './run/run';
import { parametersOf } from './workload/parameters';
import { costOf } from './workload/prices';
import { predecessorsOf } from './workload/after-schema';
import type { Workload } from './workload/workload';

/**
 * The one way in: whatever the trigger, an occurrence is registered in the ledger and admission
 * decides when its run starts. The same occurrence starts one run, however often it is reported.
 */
export interface Started {
  readonly runId: string;
  /** False when the occurrence has its row already. */
  readonly isNew: boolean;
}

/** Data on an occurrence that its request does not hold. */
export interface KnownOccurrence {
  /** The last change of a blob; now where it is left out. A due time is its own instant. */
  readonly instant?: string;
  /** End of the start window; by default that of the workload, from now on. */
  readonly startBy?: string;
}

/**
 * @throws Failure keyReused when the same idempotency key came with another request;
 *   tooManyRuns, budgetReached or admissionClosed for a request over HTTP that could not start now
 */
export async function startRun(
  app: App,
  client: DurableClient,
  workload: Workload,
  request: RunRequest,
  known: KnownOccurrence = {},
): Promise<Started> {
  const kept = await readUpkeep(app.table);
  await takeFormerRuns(app, client, kept);
  const { runId, isNew, active } = await registerRun(app, kept, workload, request, known);
  if (active !== null) await admit(admissionOf(app, client));
  return { runId, isNew };
}

/** Registers the occurrence and leaves its start to the next admission. */
export async function registerRun(
  app: App,
  kept: Upkeep,
  workload: Workload,
  request: RunRequest,
  known: KnownOccurrence = {},
): Promise<Registered> {
  refuseWithoutPrevious(workload, request);
  const now = app.now().toISOString();
  const occurrence = occurrenceOf(workload, request, known, now);
  const owned = { ...occurrence, owner: await app.owner() };
  if (request.occurrence.kind === 'request') await refuseAtBound(app, owned, now);
  // Once all records have rows, the row of the occurrence says as much.
  if (kept.recordsThrough !== null) await adoptFormerRun(app, request);
  const registered = await registerUnlessSkipped(app.table, owned, now);
  await registerFollowUps(app, request, registered.active?.value.attempt ?? 0);
  return registered;
}

/**
 * Registers the occurrences that wait for this one and others of the same due time. What waits for another
 * attempt of a run gets an attempt of its own, where its last one has ended.
 */
export async function registerFollowUps(
  app: App,
  { workload, occurrence }: RunRequest,
  attempt: number,
): Promise<void> {
  if (occurrence.kind !== 'schedule') return;
  const { due, timeZone = 'UTC' } = occurrence;
  const now = app.now().toISOString();
  for (const followUp of followUpsOf(app, workload, due, timeZone)) {
    const follower = app.workloads.get(followUp.workload);
    if (follower === undefined) continue;
    const request = { ...followUp, parameters: parametersOf(follower, {}) };
    // Admission counts the window from the end of what it waits for.
    const startBy = new Date(Date.parse(now) + LONGEST_WAIT_MS).toISOString();
    const fresh = {
      ...occurrenceOf(follower, request, { startBy }, now),
      owner: await app.owner(),
    };
    const registered = await register(app.table, fresh, now);
    if (attempt === 0 || registered.active !== null) continue;
    await registerNext(app.table, fresh, now);
  }
}

/** More than the deadline of any run, its start window and what may queue before it. */
const LONGEST_WAIT_MS = 14 * 86_400_000;

/** Registers the first attempt that is not final. */
async function registerNext(table: Table, occurrence: NewOccurrence, now: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { active } = await register(table, { ...occurrence, attempt }, now);
    if (active !== null) return;
  }
}

/**
 * Registers an occurrence. A request whose key belongs to a skipped occurrence has not been answered: asked for again it
 * is the next attempt of that occurrence, which waits for an active run instead of being skipped.
 */
async function registerUnlessSkipped(
  table: Table,
  occurrence: NewOccurrence,
  now: string,
): Promise<Registered> {
  let registered = await register(table, occurrence, now);
  if (occurrence.request.occurrence.kind !== 'request') return registered;
  // The id of every attempt has the instant of the first.
  const instant = partsOfRunId(registered.runId)?.instant ?? occurrence.instant;
  for (let attempt = 1; await wasSkipped(table, registered); attempt++) {
    registered = await register(table, { ...occurrence, instant, attempt }, now);
  }
  return registered;
}

async function wasSkipped(table: Table, { runId, active }: Registered): Promise<boolean> {
  if (active !== null) return false;
  return (await readOccurrence(table, runId))?.value.state === 'skipped';
}

function instantOf({ occurrence }: RunRequest, given: string | undefined, now: string): string {
  switch (occurrence.kind) {
    case 'schedule':
    case 'afterAll':
      return occurrence.due;
    case 'after':
      return partsOfRunId(occurrence.runId)?.instant ?? given ?? now;
    case 'blob':
    case 'request':
      return given ?? now;
  }
}

const MINUTE_MS = 60_000;
/** Callers over HTTP add nothing to a queue of this length; other triggers continue where they are. */
const MAX_WAITING = 500;

function occurrenceOf(
  workload: Workload,
  request: RunRequest,
  known: KnownOccurrence,
  now: string,
): Omit<NewOccurrence, 'owner'> {
  const { startWithinMinutes, deadlineMinutes, priority, pool } = workload;
  const window = startWithinMinutes ?? deadlineMinutes;
  const instant = instantOf(request, known.instant, now);
  // A due time that is made up late still has its window, from the moment it is known.
  const startBy = known.startBy ?? new Date(Date.parse(now) + window * MINUTE_MS).toISOString();
  const nodeMinutes = pool.existing === undefined ? pool.maxNodes * deadlineMinutes : 0;
  const cost = costOf(
    { nodeMinutes, dedicatedMinutes: (pool.dedicatedNodes / pool.maxNodes) * nodeMinutes },
    pool.pricePerNodeHour ?? null,
  );
  return { request, instant, attempt: 0, startBy, priority, mayTake: { nodeMinutes, cost } };
}

/**
 * A caller over HTTP gets an error when the run would have to wait for room, before anything is written;
 * an occurrence that has its row already is answered as before.
 */
async function refuseAtBound(app: App, occurrence: NewOccurrence, now: string): Promise<void> {
  const { workload, occurrence: why } = occurrence.request;
  if ((await app.table.get(KEY_PARTITION, occurrenceKey(workload, why))) !== null) return;
  const control = versioned<AdmissionControl>(await app.table.get(ACTIVE_PARTITION, ADMISSION_KEY));
  const candidate = newActiveRow('~', occurrence, now);
  const rows = await listActive(app.table);
  const decisions = decideAdmission({
    rows: [...rows, candidate],
    control: control?.value ?? OPEN_ADMISSION,
    policyOf: (name) => policyOf(app.workloads, name),
    limits: app.limits,
    spent: await spentIn({ ...app, workloads: [...app.workloads.keys()] }, now),
    predecessors: new Map(),
    now,
  });
  const mine = decisions.find(({ runId }) => runId === candidate.runId);
  if (mine?.kind !== 'wait') return;
  if (mine.reason.code !== 'overlapped') {
    throw new Failure(mine.reason.code, `${workload} is not started now: ${mine.reason.cause}`);
  }
  const waiting = rows.filter(({ state }) => state === 'known' || state === 'queued').length;
  if (waiting < MAX_WAITING) return;
  throw new Failure('tooManyRuns', `${workload} is not started now: ${waiting} runs wait already`);
}

function refuseWithoutPrevious(workload: Workload, { occurrence }: RunRequest): void {
  const { name, inputs } = workload;
  if (inputs?.from !== 'previous' || occurrence.kind === 'after') return;
  if (occurrence.kind === 'afterAll') return;
  const [before = 'another workload', ...others] = predecessorsOf(workload);
  throw new Failure(
    'badRequest',
    others.length === 0
      ? `${name} takes the outputs of a run of ${before}; start that one, and ${name} follows`
      : `${name} takes the outputs of the runs of ${[before, ...others].join(', ')} for one due time, and starts when they have ended`,
  );
}
