import { eachAtOnce } from '../../concurrency';
import { Failure } from '../../failure';
import { DEFAULT_RECORD_DAYS } from '../../workload/fields';
import { OWNER_LABEL, RUN_LABEL, type ActivityContext } from '../activity-context';
import { orphanBlob, RECORDS_FOLDER, recordBlob, RUNS_CONTAINER, taskListBlob } from '../names';
import type { Files } from '../ports';
import { deleteOnly } from './outputs';
import { attemptsInto, type KnownRuns } from './reap';
import { readRecord } from './record';
import { DEFAULT_OUTPUT_DAYS, longestRetentionOf } from './retention';

/** The result of comparing all outputs and records with their retention, which is done once a day. */
export interface Expired {
  readonly containers: readonly string[];
  /** Runs whose record, rows and instance history were deleted. */
  readonly forgotten: readonly string[];
  /** Deletions that failed, with the error of each. */
  readonly failures: readonly string[];
}

export interface ExpiringRuns extends KnownRuns {
  /** Containers of these runs may have no mark of an app: the version before had none. */
  readonly mayBeUnmarked: (runId: string) => boolean;
  /** Workload of a run id; null when it cannot be known. */
  readonly workloadOf: (runId: string) => string | null;
  /** Deletes the instance and the ledger's rows of an ended run. */
  readonly forget: (runId: string) => Promise<void>;
}

type Context = Pick<ActivityContext, 'files' | 'workloads'>;
type Labelled = Awaited<ReturnType<Files['listContainers']>>[number];

const DAY_MS = 86_400_000;
const CONTAINERS_AT_ONCE = 16;

/** Deletes outputs, logs and records past their retention. */
export async function expire(context: Context, runs: ExpiringRuns, now: Date): Promise<Expired> {
  const failures: string[] = [];
  const attempt = attemptsInto(failures);
  const labelled = await context.files.listContainers('run-');
  const active = await runs.activeRunIds();
  const candidates = labelled.filter((container) => mayExpire(container, runs, active));
  const containers: string[] = [];
  await eachAtOnce(candidates, CONTAINERS_AT_ONCE, async ({ name, labels }) => {
    await attempt(`container ${name}`, async () => {
      if (await expireContainer(context.files, { name, labels }, runs, now)) containers.push(name);
    });
  });
  const forgotten: string[] = [];
  for await (const runId of oldRecords(context, runs, now)) {
    await attempt(`record of ${runId}`, async () => {
      // The declaration may have changed since the run ended; the record has the retention as of then.
      const until = await retentionEndOf(context.files, runId, now);
      if (until.outputs > now.toISOString() || until.logs > now.toISOString()) return;
      await runs.forget(runId);
      await context.files.remove(RUNS_CONTAINER, taskListBlob(runId));
      await context.files.remove(RUNS_CONTAINER, recordBlob(runId));
      forgotten.push(runId);
    });
  }
  return { containers: containers.toSorted(), forgotten, failures };
}

/** Outputs of this app's runs; the staging of its own runs is deleted by every pass. */
function mayExpire(
  { name, labels }: Labelled,
  { owner, mayBeUnmarked }: ExpiringRuns,
  active: ReadonlySet<string>,
): boolean {
  const runId = labels[RUN_LABEL];
  if (runId === undefined || active.has(runId)) return false;
  const mark = labels[OWNER_LABEL];
  if (mark === undefined) return mayBeUnmarked(runId);
  return mark === owner && name.endsWith('-out');
}

async function expireContainer(
  files: Files,
  { name, labels }: Labelled,
  { isRunning }: ExpiringRuns,
  now: Date,
): Promise<boolean> {
  const runId = labels[RUN_LABEL] ?? '';
  if (await isRunning(runId)) return false;
  const isStaging = name.endsWith('-in');
  // A record says that the run has ended; unmarked staging without one may be of a run that is active.
  const isEnded = isStaging && (await files.find(RUNS_CONTAINER, recordBlob(runId))) !== null;
  if (!isEnded && (await hasRetainedContent(files, name, runId, now))) return false;
  await files.removeContainer(name, labels);
  if (!isStaging) await files.remove(RUNS_CONTAINER, orphanBlob(runId));
  return true;
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
  // Without a record the retention starts when the container is first seen here.
  await files.makeContainer(RUNS_CONTAINER, {});
  await files.claim(RUNS_CONTAINER, orphanBlob(runId), now.toISOString());
  const since = await files.readText(RUNS_CONTAINER, orphanBlob(runId), 100);
  const until = new Date(Date.parse(since ?? '') + DEFAULT_OUTPUT_DAYS * DAY_MS).toISOString();
  return { outputs: until, logs: until };
}

/** Records within their retention are recognized in the listing, so thousands of them cost no read. */
async function* oldRecords(
  { files, workloads }: Context,
  { workloadOf }: ExpiringRuns,
  now: Date,
): AsyncGenerator<string> {
  for await (const { name, writtenAt } of files.list(RUNS_CONTAINER, RECORDS_FOLDER)) {
    const runId = name.slice(RECORDS_FOLDER.length, -'.json'.length);
    const workload = workloads.get(workloadOf(runId) ?? '');
    const days =
      workload === undefined ? DEFAULT_RECORD_DAYS : longestRetentionOf(workload).recordDays;
    if (Date.parse(writtenAt) + days * DAY_MS <= now.getTime()) yield runId;
  }
}
