import type { DurableClient } from 'durable-functions';
import type { App } from '../app';
import { eachAtOnce } from '../concurrency';
import { adoptFormerRecord, isFormerRunId } from '../former-version';
import { isOnEngine, purgeInstances } from '../instances';
import { forgetBackfills } from '../ledger/backfills';
import { finish } from '../ledger/finish';
import { forgetOccurrence } from '../ledger/forget';
import { partsOfRunId } from '../ledger/keys';
import { keepRunId, newOccurrenceRow } from '../ledger/ledger';
import { listActive } from '../ledger/list';
import type { Reconciled } from '../ledger/reconcile';
import { endingOf, requestIn } from '../ledger/run-ledger';
import { noteUpkeep, type Upkeep } from '../ledger/upkeep';
import { expire } from '../run/finish/expire';
import type { KnownRuns } from '../run/finish/reap';
import { findRecord } from '../run/finish/record';
import { RECORDS_FOLDER, RUNS_CONTAINER } from '../run/names';
import { linkOf, type RunRecord } from '../run/run';

/** Work of the reconciler that is too much for every pass. */

const DAY_MS = 86_400_000;
const RECORDS_IN_A_PASS = 500;
const RECORDS_AT_ONCE = 16;

/**
 * Once a day deletes what is past its retention. Where the table is new, or has been lost, adds the
 * rows of all runs that have a record, some in each pass.
 */
export async function upkeep(
  app: App,
  client: DurableClient,
  owner: string,
  { recordsThrough, expiredAt }: Upkeep,
): Promise<Reconciled> {
  const added = recordsThrough === null ? [] : await addMissingRows(app, recordsThrough);
  const isDue = expiredAt === null || app.now().getTime() - Date.parse(expiredAt) >= DAY_MS;
  if (!isDue) return { done: added, failed: [] };
  const { containers, forgotten, failures } = await expire(
    app,
    {
      ...knownRuns(app, client, owner),
      mayBeUnmarked: isFormerRunId,
      workloadOf,
      forget: async (runId) => {
        await purgeInstances(client, runId);
        await forgetOccurrence(app.table, runId);
      },
    },
    app.now(),
  );
  const backfills = await forgetBackfills(app.table, app.now());
  await noteUpkeep(app.table, { expiredAt: app.now().toISOString() });
  const done = [
    ...added,
    ...containers.map((name) => `container ${name} is past its retention and was deleted`),
    ...backfills.map((id) => `backfill ${id} ended 90 days ago and was forgotten`),
    ...forgotten.map((runId) => `run ${runId} is past its retention and was forgotten`),
  ];
  return { done, failed: failures };
}

export function knownRuns(app: App, client: DurableClient, owner: string): KnownRuns {
  return {
    owner,
    activeRunIds: async () => new Set((await listActive(app.table)).flatMap(idsOf)),
    isRunning: (runId) => isOnEngine(client, runId),
  };
}

function idsOf({ runId, formerId }: { runId: string; formerId?: string }): readonly string[] {
  return formerId === undefined ? [runId] : [runId, formerId];
}

function workloadOf(runId: string): string | null {
  if (isFormerRunId(runId)) return runId.slice(0, runId.lastIndexOf('-'));
  return partsOfRunId(runId)?.workload ?? null;
}

/** @returns one sentence, or none when there was nothing to add */
async function addMissingRows(app: App, through: string): Promise<readonly string[]> {
  const runIds: string[] = [];
  let next: string | null = null;
  for await (const { name } of app.files.list(RUNS_CONTAINER, RECORDS_FOLDER)) {
    if (name <= through) continue;
    runIds.push(name.slice(RECORDS_FOLDER.length, -'.json'.length));
    if (runIds.length < RECORDS_IN_A_PASS) continue;
    next = name;
    break;
  }
  let added = 0;
  await eachAtOnce(runIds, RECORDS_AT_ONCE, async (runId) => {
    const record = await findRecord(app.files, runId);
    if (record !== null && (await addRows(app, runId, record))) added += 1;
  });
  await noteUpkeep(app.table, { recordsThrough: next });
  return added === 0 ? [] : [`${added} runs were added to the ledger from their records`];
}

async function addRows(app: App, runId: string, record: RunRecord): Promise<boolean> {
  if (isFormerRunId(runId)) return adoptFormerRecord(app, record, null);
  const instant = partsOfRunId(runId)?.instant;
  // A blob that is no record: no run of this app has such an id.
  if (instant === undefined || record.runId !== runId) return false;
  const request = requestIn(record);
  await keepRunId(app.table, record, { runId, instant });
  const known = { request, instant, attempt: 0, ...linkOf(record) };
  const row = newOccurrenceRow(runId, known, record.startedAt);
  return (await finish(app.table, row, endingOf(record))) === 'finished';
}
