import { Failure, formatError } from '../../failure';
import { deleteOnly } from './outputs';
import type { Files, Ports } from '../ports';
import { readRecord } from './record';
import { DEFAULT_OUTPUT_DAYS, longestOf } from './retention';
import { deleteOwned } from './stop-costs';
import { leftBlob, RECORDS_FOLDER, recordBlob, RUNS_CONTAINER, workloadOfRun } from '../names';
import { DEFAULT_RECORD_DAYS } from '../../workload/fields';
import { RUN_LABEL, type ActivityContext } from '../activity-context';

/** What a tidy found to do, and did. */
export interface Reaped {
  /** Pools and jobs whose run no longer runs: left by a run that was terminated from outside. */
  readonly orphans: readonly { readonly kind: 'pool' | 'job'; readonly id: string }[];
  /** Containers whose time was over. */
  readonly containers: readonly string[];
  /** Runs of which nothing is left any more, their records included. */
  readonly forgotten: readonly string[];
  /** Pools that were kept from run to run and have been replaced by others. */
  readonly kept: readonly string[];
  /** What could not be deleted this time, and why. */
  readonly refused: readonly string[];
}

const DAY_MS = 86_400_000;

/** What the engine knows of runs. */
export interface KnownRuns {
  readonly isGoing: (runId: string) => Promise<boolean>;
  /** Has the engine forget a run that has ended. */
  readonly forget: (runId: string) => Promise<void>;
}

/** Does one removal. One that cannot be done does not keep the others. */
type Attempt = (what: string, removal: () => Promise<void>) => Promise<void>;

/**
 * Deletes what no run looks after any more. Runs clean up after themselves; this is for the run
 * that could not, and for what has been kept long enough. Leftovers are known by the run id in
 * their metadata, never by how their names look.
 */
export async function reap(
  context: Pick<ActivityContext, 'batch' | 'files' | 'workloads'>,
  runs: KnownRuns,
  now: Date,
): Promise<Reaped> {
  const { batch } = context;
  const orphans: { kind: 'pool' | 'job'; id: string }[] = [];
  const refused: string[] = [];
  const attempt: Attempt = async (what, removal) => {
    await removal().catch((error: unknown) => refused.push(`${what}: ${formatError(error)}`));
  };

  for (const owned of await batch.listOwned()) {
    const { kind, id, runId } = owned;
    if (await runs.isGoing(runId)) continue;
    await attempt(`${kind} ${id}`, async () => {
      await deleteOwned(batch, owned);
      orphans.push({ kind, id });
    });
  }
  const containers = await tidyContainers(context, runs, now, attempt);
  const forgotten = await tidyRecords(context, runs, now, attempt);
  return { orphans, containers, forgotten, kept: await tidyKept(batch, now, attempt), refused };
}

async function tidyContainers(
  { files }: Pick<ActivityContext, 'files'>,
  { isGoing }: KnownRuns,
  now: Date,
  attempt: Attempt,
): Promise<string[]> {
  const removed: string[] = [];
  for (const { name, labels } of await files.listContainers('run-')) {
    const runId = labels[RUN_LABEL];
    if (runId === undefined || (await isGoing(runId))) continue;
    await attempt(`container ${name}`, async () => {
      if (name.endsWith('-out') && (await holdsAnything(files, name, runId, now))) return;
      await files.removeContainer(name, { [RUN_LABEL]: runId });
      await files.remove(RUNS_CONTAINER, leftBlob(runId));
      removed.push(name);
    });
  }
  return removed;
}

/** Whether outputs or logs are still to be kept; of the two, the one that is not goes. */
async function holdsAnything(
  files: Files,
  container: string,
  runId: string,
  now: Date,
): Promise<boolean> {
  const kept = await keptUntil(files, runId, now);
  const [outputs, logs] = [kept.outputs > now.toISOString(), kept.logs > now.toISOString()];
  if (logs && !outputs) await deleteOnly(files, container, 'outputs');
  if (outputs && !logs) await deleteOnly(files, container, 'logs');
  return outputs || logs;
}

async function keptUntil(files: Files, runId: string, now: Date) {
  try {
    const { outputsKeptUntil, logsKeptUntil } = await readRecord(files, runId);
    return { outputs: outputsKeptUntil ?? '', logs: logsKeptUntil ?? '' };
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'unknownRun')) throw error;
  }
  // From when they were first seen without a run.
  await files.makeContainer(RUNS_CONTAINER, {});
  await files.claim(RUNS_CONTAINER, leftBlob(runId), now.toISOString());
  const since = await files.readText(RUNS_CONTAINER, leftBlob(runId), 100);
  const until = new Date(Date.parse(since ?? '') + DEFAULT_OUTPUT_DAYS * DAY_MS).toISOString();
  return { outputs: until, logs: until };
}

/** A young record is known by its age alone, so that hourly looks at thousands of them cost a list. */
async function tidyRecords(
  { files, workloads }: Pick<ActivityContext, 'files' | 'workloads'>,
  { forget }: KnownRuns,
  now: Date,
  attempt: Attempt,
): Promise<string[]> {
  const forgotten: string[] = [];
  for await (const { name, writtenAt } of files.list(RUNS_CONTAINER, RECORDS_FOLDER)) {
    const runId = name.slice(RECORDS_FOLDER.length, -'.json'.length);
    const workload = workloads.get(workloadOfRun(runId));
    const days = workload === undefined ? DEFAULT_RECORD_DAYS : longestOf(workload).recordDays;
    if (Date.parse(writtenAt) + days * DAY_MS > now.getTime()) continue;
    await attempt(`record of ${runId}`, async () => {
      // What the workload says may have changed since the run ended.
      const kept = await keptUntil(files, runId, now);
      if (kept.outputs > now.toISOString() || kept.logs > now.toISOString()) return;
      await forget(runId);
      await files.remove(RUNS_CONTAINER, recordBlob(runId));
      forgotten.push(runId);
    });
  }
  return forgotten;
}

/** A run that found the pool in its last minute has made its job by then. */
const KEPT_GRACE_MS = 3_600_000;

async function tidyKept(batch: Ports['batch'], now: Date, attempt: Attempt): Promise<string[]> {
  const removed: string[] = [];
  for (const { id, until } of await batch.listRetainedPools()) {
    if (Date.parse(until) + KEPT_GRACE_MS >= now.getTime()) continue;
    await attempt(`pool ${id}`, async () => {
      if ((await batch.deleteRetainedPool(id)) === 'deleting') removed.push(id);
    });
  }
  return removed;
}
