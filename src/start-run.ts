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
import { readUpkeep, type Upkeep } from './ledger/upkeep';
import type { RunRequest } from './run/run';
import { costOf } from './workload/prices';
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
  return registerUnlessSkipped(app.table, owned, now);
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

function refuseWithoutPrevious({ name, inputs, triggers }: Workload, request: RunRequest): void {
  if (inputs?.from !== 'previous' || request.occurrence.kind === 'after') return;
  throw new Failure(
    'badRequest',
    `${name} takes the outputs of a run of ${triggers.after ?? 'another workload'}; start that one, and ${name} follows`,
  );
}
