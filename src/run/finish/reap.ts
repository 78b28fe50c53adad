import { Failure, formatError } from '../../failure';
import { deleteOnly } from './outputs';
import type { Files, Ports } from '../ports';
import { readRecord } from './record';
import { DEFAULT_OUTPUT_DAYS, longestRetentionOf } from './retention';
import { deleteOwned } from './stop-costs';
import { orphanBlob, RECORDS_FOLDER, recordBlob, RUNS_CONTAINER, workloadOfRun } from '../names';
import { DEFAULT_RECORD_DAYS } from '../../workload/fields';
import { RUN_LABEL, type ActivityContext } from '../activity-context';

/** The resources that one execution of the reaper deleted. */
export interface Reaped {
  /** Pools and jobs without an active run, for example after an orchestration was terminated. */
  readonly orphans: readonly { readonly kind: 'pool' | 'job'; readonly id: string }[];
  /** Containers past their retention period. */
  readonly containers: readonly string[];
  /** Runs whose record and instance history were deleted. */
  readonly forgotten: readonly string[];
  /** Retained pools past their retention period. */
  readonly retainedPools: readonly string[];
  /** Deletions that failed, with the error of each. */
  readonly failures: readonly string[];
}

const DAY_MS = 86_400_000;

/** The runs as the Durable engine knows them. */
export interface KnownRuns {
  readonly isActive: (runId: string) => Promise<boolean>;
  /** Purges the instance of an ended run. */
  readonly forget: (runId: string) => Promise<void>;
}

/** Performs one deletion and records its error, so that one failure does not stop the others. */
type Attempt = (what: string, deletion: () => Promise<void>) => Promise<void>;

/**
 * Deletes leftovers: resources of runs that could not clean up after themselves, and everything
 * past its retention period. Leftovers are identified by the run id in their metadata, never by
 * their names.
 */
export async function reap(
  context: Pick<ActivityContext, 'batch' | 'files' | 'workloads'>,
  runs: KnownRuns,
  now: Date,
): Promise<Reaped> {
  const { batch } = context;
  const orphans: { kind: 'pool' | 'job'; id: string }[] = [];
  const failures: string[] = [];
  const attempt: Attempt = async (what, deletion) => {
    await deletion().catch((error: unknown) => failures.push(`${what}: ${formatError(error)}`));
  };

  for (const owned of await batch.listOwned()) {
    const { kind, id, runId } = owned;
    if (await runs.isActive(runId)) continue;
    await attempt(`${kind} ${id}`, async () => {
      await deleteOwned(batch, owned);
      orphans.push({ kind, id });
    });
  }
  const containers = await reapContainers(context, runs, now, attempt);
  const forgotten = await reapRecords(context, runs, now, attempt);
  const retainedPools = await reapRetainedPools(batch, now, attempt);
  return { orphans, containers, forgotten, retainedPools, failures };
}

async function reapContainers(
  { files }: Pick<ActivityContext, 'files'>,
  { isActive }: KnownRuns,
  now: Date,
  attempt: Attempt,
): Promise<string[]> {
  const removed: string[] = [];
  for (const { name, labels } of await files.listContainers('run-')) {
    const runId = labels[RUN_LABEL];
    if (runId === undefined || (await isActive(runId))) continue;
    await attempt(`container ${name}`, async () => {
      if (name.endsWith('-out') && (await hasRetainedContent(files, name, runId, now))) return;
      await files.removeContainer(name, { [RUN_LABEL]: runId });
      await files.remove(RUNS_CONTAINER, orphanBlob(runId));
      removed.push(name);
    });
  }
  return removed;
}

/** Returns true while outputs or logs are within their retention; deletes the one that is not. */
async function hasRetainedContent(
  files: Files,
  container: string,
  runId: string,
  now: Date,
): Promise<boolean> {
  const until = await retentionEndOf(files, runId, now);
  const [outputs, logs] = [until.outputs > now.toISOString(), until.logs > now.toISOString()];
  if (logs && !outputs) await deleteOnly(files, container, 'outputs');
  if (outputs && !logs) await deleteOnly(files, container, 'logs');
  return outputs || logs;
}

async function retentionEndOf(files: Files, runId: string, now: Date) {
  try {
    const { outputsKeptUntil, logsKeptUntil } = await readRecord(files, runId);
    return { outputs: outputsKeptUntil ?? '', logs: logsKeptUntil ?? '' };
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'unknownRun')) throw error;
  }
  // Without a record the retention starts when the reaper first sees the container.
  await files.makeContainer(RUNS_CONTAINER, {});
  await files.claim(RUNS_CONTAINER, orphanBlob(runId), now.toISOString());
  const since = await files.readText(RUNS_CONTAINER, orphanBlob(runId), 100);
  const until = new Date(Date.parse(since ?? '') + DEFAULT_OUTPUT_DAYS * DAY_MS).toISOString();
  return { outputs: until, logs: until };
}

/** Records within their retention are recognized in the listing, so thousands of them cost no read. */
async function reapRecords(
  { files, workloads }: Pick<ActivityContext, 'files' | 'workloads'>,
  { forget }: KnownRuns,
  now: Date,
  attempt: Attempt,
): Promise<string[]> {
  const forgotten: string[] = [];
  for await (const { name, writtenAt } of files.list(RUNS_CONTAINER, RECORDS_FOLDER)) {
    const runId = name.slice(RECORDS_FOLDER.length, -'.json'.length);
    const workload = workloads.get(workloadOfRun(runId));
    const days =
      workload === undefined ? DEFAULT_RECORD_DAYS : longestRetentionOf(workload).recordDays;
    if (Date.parse(writtenAt) + days * DAY_MS > now.getTime()) continue;
    await attempt(`record of ${runId}`, async () => {
      // The declaration may have changed since the run ended; the record has the retention as of then.
      const until = await retentionEndOf(files, runId, now);
      if (until.outputs > now.toISOString() || until.logs > now.toISOString()) return;
      await forget(runId);
      await files.remove(RUNS_CONTAINER, recordBlob(runId));
      forgotten.push(runId);
    });
  }
  return forgotten;
}

/** A run that started in the last minute of the retention period has created its job by then. */
const RETAINED_POOL_GRACE_MS = 3_600_000;

async function reapRetainedPools(
  batch: Ports['batch'],
  now: Date,
  attempt: Attempt,
): Promise<string[]> {
  const removed: string[] = [];
  for (const { id, until } of await batch.listRetainedPools()) {
    if (Date.parse(until) + RETAINED_POOL_GRACE_MS >= now.getTime()) continue;
    await attempt(`pool ${id}`, async () => {
      if ((await batch.deleteRetainedPool(id)) === 'deleting') removed.push(id);
    });
  }
  return removed;
}
