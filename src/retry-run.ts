import type { DurableClient } from 'durable-functions';
import { admissionOf, type App } from './app';
import { Failure } from './failure';
import { admit } from './ledger/admit';
import { registerFollowUps } from './ledger/follow-ups';
import { runIdOf } from './ledger/keys';
import { readActive, readOccurrence, register, type NewOccurrence } from './ledger/ledger';
import { newOccurrenceOf } from './ledger/new-occurrence';
import type { OccurrenceRow } from './ledger/rows';
import { findRecord } from './run/finish/record';
import { outputContainerOf, PINNED_INPUTS, TASK_LIST } from './run/names';
import type { RunRecord, RunRequest } from './run/run';
import { ASK_FOR_ALL } from './run/stage/pinned-inputs';
import { refuseWithoutRoom } from './start-run';

/**
 * Runs an occurrence once more whose run has ended without success: the next attempt. It goes through
 * the ledger like every start. A run has one next attempt, so a repeated request finds it.
 */
export interface Retried {
  readonly runId: string;
  readonly workload: string;
  readonly attempt: number;
  readonly retryOf: string;
  /** False when the attempt was there, and is active. */
  readonly isNew: boolean;
}

export interface RetryOptions {
  /** `failed`: what succeeded is taken over. `all`: everything runs again, on the inputs as they are. */
  readonly tasks: 'failed' | 'all';
  /** The name of the caller. */
  readonly by: string;
}

/**
 * @throws Failure unknownRun, unknownWorkload, runActive, runSucceeded, alreadyRetried, outputsGone;
 *   tooManyRuns, budgetReached, budgetExceeded or admissionClosed when it could not start now
 */
export async function retryRun(
  app: App,
  client: DurableClient,
  runId: string,
  { tasks, by }: RetryOptions,
): Promise<Retried> {
  const row = await requireRow(app, runId);
  const attempt = row.attempt + 1;
  const nextId = await attemptIdOf(app, row, attempt);
  const found = { runId: nextId, workload: row.workload, attempt, retryOf: runId };
  const next = await readOccurrence(app.table, nextId);
  if (next !== null && next.value.state !== 'open') {
    throw new Failure(
      'alreadyRetried',
      `run ${runId} was retried by run ${nextId} (${next.value.state}); that run can be retried unless it succeeded`,
    );
  }
  const active = next === null ? null : await readActive(app.table, nextId);
  // One that was registered, and whose host died then, is registered to its end.
  if (next !== null && active?.value.state !== 'known') return { ...found, isNew: false };
  refuseUnended(row);
  const from = tasks === 'all' ? null : await sourceOf(app, row);
  const occurrence = await nextAttempt(app, row, { from, by });
  const now = app.now().toISOString();
  if (next === null) await refuseWithoutRoom(app, occurrence, now);
  const { isNew } = await register(app.table, occurrence, now);
  await registerFollowUps(app, occurrence.request, attempt);
  await admit(admissionOf(app, client));
  return { ...found, isNew };
}

async function requireRow({ table, files }: App, runId: string): Promise<OccurrenceRow> {
  const found = await readOccurrence(table, runId);
  if (found !== null) return found.value;
  if ((await findRecord(files, runId)) === null) {
    throw new Failure('unknownRun', `no run has the id ${runId}`);
  }
  throw new Failure(
    'outputsGone',
    `run ${runId} has a record and no row in the ledger, so its parameters are not known; start another run`,
  );
}

async function attemptIdOf(app: App, row: OccurrenceRow, attempt: number): Promise<string> {
  const { workload, occurrence, instant } = row;
  return runIdOf({ owner: await app.owner(), workload, occurrence, instant, attempt });
}

function refuseUnended({ runId, workload, state }: OccurrenceRow): void {
  if (state === 'open') {
    throw new Failure('runActive', `run ${runId} has not ended; it can be retried once it has`);
  }
  if (state === 'succeeded') {
    throw new Failure(
      'runSucceeded',
      `run ${runId} succeeded; POST /api/runs/${workload} starts another run`,
    );
  }
}

/**
 * The attempt whose inputs are used again and whose outputs are taken over: the latest with a list of
 * its tasks, else the latest that has staged its inputs. An attempt that ended before it had tasks
 * adds nothing to the one before it. Null where nothing has ever been staged.
 * @throws Failure outputsGone when an attempt had tasks, and its list is not there
 */
async function sourceOf(app: App, last: OccurrenceRow): Promise<string | null> {
  let staged: string | null = null;
  for (let row: OccurrenceRow | null = last; row !== null; row = await before(app, row)) {
    if (row.state === 'skipped' || row.state === 'missed') continue;
    const container = outputContainerOf(row.runId);
    if ((await app.files.find(container, TASK_LIST)) !== null) return row.runId;
    const record = await findRecord(app.files, row.runId);
    if (mayHaveWorked(record)) throw outputsGone(row.runId);
    if (staged === null && (await app.files.find(container, PINNED_INPUTS)) !== null) {
      staged = row.runId;
    }
    // It was to run everything again, on the inputs as they were then.
    if (record?.retry?.from === null) return staged;
  }
  return staged;
}

async function before(app: App, row: OccurrenceRow): Promise<OccurrenceRow | null> {
  if (row.attempt === 0) return null;
  const runId = row.retryOf ?? (await attemptIdOf(app, row, row.attempt - 1));
  return (await readOccurrence(app.table, runId))?.value ?? null;
}

/** The record of a run that was lost does not say how far it came. */
function mayHaveWorked(record: RunRecord | null): boolean {
  if (record === null) return true;
  const phases = record.timeline.map(({ phase }) => phase);
  return phases.includes('watching') || !phases.includes('admitting');
}

function outputsGone(runId: string): Failure {
  return new Failure(
    'outputsGone',
    `the outputs of run ${runId}, or the list of its tasks, do not exist, so no task can be taken over; ${ASK_FOR_ALL}`,
  );
}

async function nextAttempt(
  app: App,
  row: OccurrenceRow,
  retry: NonNullable<RunRequest['retry']>,
): Promise<NewOccurrence> {
  const { workload: name, occurrence, parameters, blob, instant, attempt } = row;
  const workload = app.workloads.get(name);
  if (workload === undefined) {
    throw new Failure('unknownWorkload', `workload ${name}, whose run it was, no longer exists`);
  }
  const request: RunRequest = {
    workload: name,
    occurrence,
    parameters,
    ...(blob !== null && { blob }),
    retry,
  };
  const known = newOccurrenceOf(workload, request, { instant }, app.now().toISOString());
  return { ...known, instant, attempt: attempt + 1, owner: await app.owner() };
}
