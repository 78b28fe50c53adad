import { formatError } from '../../failure';
import type { OwnedResource, Ports } from '../ports';
import { deleteOwned } from './stop-costs';
import { OWNER_LABEL, RUN_LABEL, type ActivityContext } from '../activity-context';

/** The resources that one execution of the reaper deleted. */
export interface Reaped {
  /** Pools and jobs without an active run, for example after an orchestration was terminated. */
  readonly orphans: readonly { readonly kind: 'pool' | 'job'; readonly id: string }[];
  /** Staging containers without an active run. */
  readonly containers: readonly string[];
  /** Retained pools past their retention period. */
  readonly retainedPools: readonly string[];
  /** Deletions that failed, with the error of each. */
  readonly failures: readonly string[];
}

/** The runs as ledger and engine know them. */
export interface KnownRuns {
  /** The mark of the app. */
  readonly owner: string;
  /** Ids of the runs that are not final, read after the lists of what there is. */
  readonly activeRunIds: () => Promise<ReadonlySet<string>>;
  /** True while the engine runs it: a row that storage has lost is written again by its run. */
  readonly isRunning: (runId: string) => Promise<boolean>;
  /** Receives all pools and jobs of the app that Batch has. */
  readonly onListed?: (owned: readonly OwnedResource[]) => void;
}

/** Performs one deletion and records its error, so that one failure does not stop the others. */
export type Attempt = (what: string, deletion: () => Promise<void>) => Promise<void>;

export function attemptsInto(failures: string[]): Attempt {
  return async (what, deletion) => {
    await deletion().catch((error: unknown) => failures.push(`${what}: ${formatError(error)}`));
  };
}

/**
 * Deletes leftovers that bill: pools, jobs and staging of runs that could not clean up after
 * themselves, and retained pools past their retention period. Leftovers are identified by the owner
 * and the run id in their metadata, never by their names.
 */
export async function reap(
  { batch, files }: Pick<ActivityContext, 'batch' | 'files'>,
  runs: KnownRuns,
  now: Date,
): Promise<Reaped> {
  const orphans: { kind: 'pool' | 'job'; id: string }[] = [];
  const containers: string[] = [];
  const failures: string[] = [];
  const attempt = attemptsInto(failures);

  const owned = await batch.listOwned(runs.owner);
  runs.onListed?.(owned);
  const labelled = await files.listContainers('run-');
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
  for (const { name, labels } of labelled) {
    const runId = labels[RUN_LABEL];
    if (!name.endsWith('-in') || labels[OWNER_LABEL] !== runs.owner) continue;
    if (runId === undefined || active.has(runId)) continue;
    await attempt(`container ${name}`, async () => {
      if (await runs.isRunning(runId)) return;
      await files.removeContainer(name, labels);
      containers.push(name);
    });
  }
  const retainedPools = await reapRetainedPools(batch, owned, runs.owner, now, attempt);
  return { orphans, containers, retainedPools, failures };
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
