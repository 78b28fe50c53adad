import type { DurableClient } from 'durable-functions';
import { admissionOf, policyOf, type App } from './app';
import { Failure } from './failure';
import { adoptFormerRun, takeFormerRuns } from './former-version';
import { registerFollowUps } from './ledger/follow-ups';
import { decideAdmission, isWaiting } from './ledger/admission';
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
import { newOccurrenceOf, type KnownOccurrence } from './ledger/new-occurrence';
import { OPEN_ADMISSION, type AdmissionControl } from './ledger/rows';
import type { Table } from './ledger/table';
import { readUpkeep, type Upkeep } from './ledger/upkeep';
import type { RunRequest } from './run/run';
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

/**
 * @throws Failure keyReused when the same idempotency key came with another request;
 *   tooManyRuns, budgetReached, budgetExceeded or admissionClosed for a request over HTTP that could not start now
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
  const mark = await markOfFollowed(app.table, request);
  const occurrence = newOccurrenceOf(workload, request, { ...known, ...mark }, now);
  const owned = { ...occurrence, owner: await app.owner() };
  if (request.occurrence.kind === 'request') await refuseAtBound(app, owned, now);
  // Once all records have rows, the row of the occurrence says as much.
  if (kept.recordsThrough !== null) await adoptFormerRun(app, request);
  const registered = await registerUnlessSkipped(app.table, owned, now);
  await registerFollowUps(app, request, registered.active?.value.attempt ?? 0);
  return registered;
}

/** The mark of the run that is followed: a follower of a backfill is not skipped either. */
async function markOfFollowed(
  table: Table,
  { occurrence }: RunRequest,
): Promise<Pick<KnownOccurrence, 'backfill'>> {
  if (occurrence.kind !== 'after') return {};
  const { backfill } = (await readOccurrence(table, occurrence.runId))?.value ?? {};
  return backfill === undefined ? {} : { backfill };
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

/** Callers over HTTP add nothing to a queue of this length; other triggers continue where they are. */
const MAX_WAITING = 500;

/**
 * A caller over HTTP gets an error when the run would have to wait for room, before anything is written;
 * an occurrence that has its row already is answered as before.
 */
async function refuseAtBound(app: App, occurrence: NewOccurrence, now: string): Promise<void> {
  const { workload, occurrence: why } = occurrence.request;
  if ((await app.table.get(KEY_PARTITION, occurrenceKey(workload, why))) !== null) return;
  await refuseWithoutRoom(app, occurrence, now);
}

/** @throws Failure tooManyRuns, budgetReached, budgetExceeded or admissionClosed when it could not start now */
export async function refuseWithoutRoom(
  app: App,
  occurrence: NewOccurrence,
  now: string,
): Promise<void> {
  const { workload } = occurrence.request;
  const control = versioned<AdmissionControl>(await app.table.get(ACTIVE_PARTITION, ADMISSION_KEY));
  const candidate = newActiveRow('~', occurrence, now);
  const rows = await listActive(app.table);
  const policy = (name: string) => policyOf(app.workloads, name);
  const decisions = decideAdmission({
    rows: [...rows, candidate],
    control: control?.value ?? OPEN_ADMISSION,
    policyOf: policy,
    limits: app.limits,
    spent: await spentIn({ ...app, workloads: [...app.workloads.keys()], policyOf: policy }, now),
    predecessors: new Map(),
    now,
  });
  const mine = decisions.find(({ runId }) => runId === candidate.runId);
  if (mine?.kind === 'end' && mine.reason.code === 'budgetExceeded') {
    throw new Failure('budgetExceeded', `${workload} is not started: ${mine.reason.cause}`);
  }
  if (mine?.kind !== 'wait') return;
  if (mine.reason.code !== 'overlapped') {
    throw new Failure(mine.reason.code, `${workload} is not started now: ${mine.reason.cause}`);
  }
  const waiting = rows.filter(isWaiting).length;
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
