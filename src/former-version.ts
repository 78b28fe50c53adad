import { OrchestrationRuntimeStatus, type DurableClient } from 'durable-functions';
import type { App } from './app';
import { ACTIVE_STATUSES, findInstance } from './instances';
import { finish } from './ledger/finish';
import { ACTIVE_PARTITION, hashOf, identityOf } from './ledger/keys';
import {
  claimRunId,
  insert,
  insertOccurrence,
  newActiveRow,
  newOccurrenceRow,
} from './ledger/ledger';
import type { ActiveRow } from './ledger/rows';
import { endingOf, requestIn } from './ledger/run-ledger';
import { noteUpkeep, type Upkeep } from './ledger/upkeep';
import { deleteOwned } from './run/finish/stop-costs';
import { findRecord, writeRecordOnce } from './run/finish/record';
import type { Occurrence, RunRecord, RunRequest } from './run/run';

/**
 * Runs of the version without a ledger: their ids have a hash in place of an instant
 * (`render-3f9a1c7e5b2d4f60`), their pools, jobs and containers no mark of the app. They are known
 * by their record, or by their orchestration in this app's task hub.
 */

/** The name of their orchestration. What is left of one ends at once, without a further step. */
export const FORMER_ORCHESTRATION = 'run';

// oxlint-disable-next-line eslint/require-yield -- an orchestrator is a generator, and this one does nothing
export function* formerWorkflow(): Generator<never, undefined, never> {
  return undefined;
}

/** Resources without the mark of an app have this owner. */
export const NO_OWNER = '';

const FORMER_RUN_ID = /^[a-z][a-z0-9-]*-[0-9a-f]{16}$/;

export function isFormerRunId(runId: string): boolean {
  return FORMER_RUN_ID.test(runId);
}

/** The id that the occurrence's run had. */
export function formerRunIdOf(workload: string, occurrence: Occurrence): string {
  return `${workload}-${hashOf(JSON.stringify([workload, ...identityOf(occurrence)]), 16)}`;
}

/** Makes an occurrence final whose run has a record of the former version, so that it does not run again. */
export async function adoptFormerRun(app: App, request: RunRequest): Promise<void> {
  const formerId = formerRunIdOf(request.workload, request.occurrence);
  const record = await findRecord(app.files, formerId);
  if (record !== null) await adoptFormerRecord(app, record, request);
}

/**
 * Copies a record under the id that its occurrence has now, and adds its rows.
 * @returns false when the occurrence had a final row already
 */
export async function adoptFormerRecord(
  app: App,
  record: RunRecord,
  request: RunRequest | null,
): Promise<boolean> {
  const { startedAt } = record;
  const { runId, instant } = await claimIdOf(app, record, startedAt, request);
  await writeRecordOnce(app.files, { ...record, runId });
  const known = { request: request ?? requestIn(record), instant, attempt: 0 };
  const row = newOccurrenceRow(runId, known, startedAt);
  // It ended before the upgrade: there is nothing to announce.
  return (await finish(app.table, row, endingOf(record))) === 'finished';
}

/** The id that a run of the former version has in the ledger. */
async function claimIdOf(
  app: App,
  { workload, occurrence }: Pick<RunRequest, 'workload' | 'occurrence'>,
  startedAt: string,
  request: RunRequest | null,
) {
  const instant = occurrence.kind === 'schedule' ? occurrence.due : startedAt;
  const identity = { owner: await app.owner(), workload, occurrence, instant, attempt: 0 };
  return claimRunId(app.table, identity, request);
}

/**
 * Once, at the first start with the ledger: every run that the former version left active gets rows
 * by which the reconciler ends it, and its orchestration is terminated. The engine may have been
 * faster and failed it, since its history is not of this version's workflow; such a run has no
 * record. Pools and jobs of runs that have one, and were not cleaned up, are deleted.
 * @returns a sentence for each run
 */
export async function takeFormerRuns(
  app: App,
  client: DurableClient,
  { formerRunsTaken }: Upkeep,
): Promise<readonly string[]> {
  if (formerRunsTaken) return [];
  const taken: string[] = [];
  const unfinished = new Set<string>();
  const instances = await client.getStatusBy({ runtimeStatus: UNFINISHED });
  for (const { name, instanceId, input, createdTime, runtimeStatus } of instances) {
    if (name !== FORMER_ORCHESTRATION || !isFormerRunId(instanceId)) continue;
    const request = requestOf(input);
    if (request !== null && (await findRecord(app.files, instanceId)) === null) {
      const runId = await addEnding(app, instanceId, request, new Date(createdTime).toISOString());
      taken.push(`run ${instanceId} of the version before this one is ended as ${runId}`);
      unfinished.add(instanceId);
    }
    if (ACTIVE_STATUSES.includes(runtimeStatus)) await client.terminate(instanceId, CAUSE);
  }
  taken.push(...(await deleteFormerLeftovers(app, client, unfinished)));
  await noteUpkeep(app.table, { formerRunsTaken: true });
  return taken;
}

const UNFINISHED = [
  ...ACTIVE_STATUSES,
  OrchestrationRuntimeStatus.Failed,
  OrchestrationRuntimeStatus.Terminated,
];

const CAUSE = 'the app was upgraded to a version that does not continue runs of the one before';

/** Null for the input of an orchestration that is not a run. */
function requestOf(input: unknown): RunRequest | null {
  const { request } = (input ?? {}) as { readonly request?: RunRequest };
  return request?.workload === undefined ? null : request;
}

async function addEnding(
  app: App,
  formerId: string,
  request: RunRequest,
  startedAt: string,
): Promise<string> {
  const { runId, instant } = await claimIdOf(app, request, startedAt, request);
  const mayTake = { nodeMinutes: 0, cost: null };
  const known = { request, instant, attempt: 0, startBy: startedAt, priority: 0, mayTake };
  const row: ActiveRow = {
    ...newActiveRow(runId, known, startedAt),
    state: 'ending',
    since: app.now().toISOString(),
    // Its nodes count until it has ended.
    deadline: startedAt,
    reason: { kind: 'lost', code: 'workloadChanged', cause: CAUSE },
    formerId,
  };
  await insert(app.table, ACTIVE_PARTITION, runId, row);
  await insertOccurrence(app.table, newOccurrenceRow(runId, row, startedAt));
  return runId;
}

/** An unmarked pool or job is this app's if its orchestration is in this app's task hub. */
async function deleteFormerLeftovers(
  app: App,
  client: DurableClient,
  unfinished: ReadonlySet<string>,
): Promise<readonly string[]> {
  const deleted: string[] = [];
  for (const { kind, id, runId } of await app.batch.listOwned(NO_OWNER)) {
    if (runId === null || !isFormerRunId(runId) || unfinished.has(runId)) continue;
    const instance = await findInstance(client, runId);
    if (instance === null || instance.name !== FORMER_ORCHESTRATION) continue;
    const state = await deleteOwned(app.batch, { kind, id, runId, owner: NO_OWNER });
    if (state === 'deleting') deleted.push(`${kind} ${id} had no active run and is being deleted`);
  }
  return deleted;
}
