import { Failure, formatError } from '../../failure';
import { deleteOnly } from './outputs';
import type { Files, OwnedResource, Ports } from '../ports';
import { readRecord } from './record';
import { DEFAULT_OUTPUT_DAYS, longestRetentionOf } from './retention';
import { deleteOwned } from './stop-costs';
import { orphanBlob, RECORDS_FOLDER, recordBlob, RUNS_CONTAINER } from '../names';
import { DEFAULT_RECORD_DAYS } from '../../workload/fields';
import { OWNER_LABEL, RUN_LABEL, type ActivityContext } from '../activity-context';

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

/** The runs as ledger and engine know them. */
export interface KnownRuns {
  /** The mark of the app. */
  readonly owner: string;
  /** Ids of the runs that are not final, read after the lists of what there is. */
  readonly activeRunIds: () => Promise<ReadonlySet<string>>;
  /** True while the engine runs it: a row that storage has lost is written again by its run. */
  readonly isRunning: (runId: string) => Promise<boolean>;
  /** Deletes the instance and the ledger's rows of an ended run. */
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

  const owned = await batch.listOwned(runs.owner);
  const labelled = await context.files.listContainers('run-');
  const active = await runs.activeRunIds();
  for (const { kind, id, runId } of owned) {
    if (runId === null || active.has(runId)) continue;
    await attempt(`${kind} ${id}`, async () => {
      if (await runs.isRunning(runId)) return;
      if ((await deleteOwned(batch, { kind, id, runId, owner: runs.owner })) === 'deleting') {
        orphans.push({ kind, id });
      }
    });
  }
  const idle = labelled.filter(({ labels }) => isLeftover(labels, runs.owner, active));
  const containers = await reapContainers(context, idle, runs, now, attempt);
  const forgotten = await reapRecords(context, runs, now, attempt);
  const retainedPools = await reapRetainedPools(batch, owned, runs.owner, now, attempt);
  return { orphans, containers, forgotten, retainedPools, failures };
}

function isLeftover(
  labels: Readonly<Record<string, string>>,
  owner: string,
  active: ReadonlySet<string>,
): boolean {
  const runId = labels[RUN_LABEL];
  return runId !== undefined && labels[OWNER_LABEL] === owner && !active.has(runId);
}

async function reapContainers(
  { files }: Pick<ActivityContext, 'files'>,
  idle: Awaited<ReturnType<Files['listContainers']>>,
  { isRunning }: KnownRuns,
  now: Date,
  attempt: Attempt,
): Promise<string[]> {
  const removed: string[] = [];
  for (const { name, labels } of idle) {
    const runId = labels[RUN_LABEL] ?? '';
    await attempt(`container ${name}`, async () => {
      if (await isRunning(runId)) return;
      if (name.endsWith('-out') && (await hasRetainedContent(files, name, runId, now))) return;
      await files.removeContainer(name, labels);
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
    const workload = workloads.get(runId.replace(/-\d{8}t\d{6}-[0-9a-f]{10}$/, ''));
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
  owned: readonly OwnedResource[],
  owner: string,
  now: Date,
  attempt: Attempt,
): Promise<string[]> {
  const removed: string[] = [];
  for (const { id, retainedUntil: until } of owned) {
    if (until === null || Date.parse(until) + RETAINED_POOL_GRACE_MS >= now.getTime()) continue;
    await attempt(`pool ${id}`, async () => {
      if ((await batch.deleteRetainedPool(id, owner)) === 'deleting') removed.push(id);
    });
  }
  return removed;
}
