import { Failure, messageOf } from '../failure';
import { readRecord } from './activities';
import { leftBlob, RUNS_CONTAINER } from './plan';
import type { Files, Ports } from './ports';
import { RUN_LABEL } from './tools';

/** What a tidy found to do, and did. */
export interface Tidied {
  /** Pools and jobs whose run no longer runs: left by a run that was terminated from outside. */
  readonly orphans: readonly { readonly kind: 'pool' | 'job'; readonly id: string }[];
  /** Containers whose time was over. */
  readonly containers: readonly string[];
  /** Pools that were kept from run to run and have been replaced by others. */
  readonly kept: readonly string[];
  /** What could not be deleted this time, and why. */
  readonly refused: readonly string[];
}

const DAY_MS = 86_400_000;
/** For outputs of a run without a record: nobody has said how long. */
const UNRECORDED_DAYS = 30;

/**
 * Deletes what no run looks after any more. Runs clean up after themselves; this is for the run
 * that could not, and for outputs that have been kept long enough. Leftovers are known by the run
 * id in their metadata, never by how their names look.
 */
export async function tidy(
  { batch, files }: Pick<Ports, 'batch' | 'files'>,
  isGoing: (runId: string) => Promise<boolean>,
  now: Date,
): Promise<Tidied> {
  const orphans: { kind: 'pool' | 'job'; id: string }[] = [];
  const containers: string[] = [];
  const refused: string[] = [];
  /** One that cannot be deleted does not keep the others. */
  const attempt = async (what: string, removal: () => Promise<void>): Promise<void> => {
    await removal().catch((error: unknown) => refused.push(`${what}: ${messageOf(error)}`));
  };

  for (const { kind, id, runId } of await batch.findOwned()) {
    if (await isGoing(runId)) continue;
    await attempt(`${kind} ${id}`, async () => {
      const owner = { runId, workload: '' };
      await (kind === 'pool' ? batch.removePool(id, owner) : batch.removeJob(id, owner));
      orphans.push({ kind, id });
    });
  }

  for (const { name, labels } of await files.listContainers('run-')) {
    const runId = labels[RUN_LABEL];
    if (runId === undefined || (await isGoing(runId))) continue;
    await attempt(`container ${name}`, async () => {
      if (name.endsWith('-out') && (await keptUntil(files, runId, now)) > now.toISOString()) return;
      await files.removeContainer(name, { [RUN_LABEL]: runId });
      await files.remove(RUNS_CONTAINER, leftBlob(runId));
      containers.push(name);
    });
  }
  return { orphans, containers, kept: await tidyKept(batch, now, attempt), refused };
}

/** A run that found the pool in its last minute has made its job by then. */
const KEPT_GRACE_MS = 3_600_000;

async function tidyKept(
  batch: Ports['batch'],
  now: Date,
  attempt: (what: string, removal: () => Promise<void>) => Promise<void>,
): Promise<string[]> {
  const removed: string[] = [];
  for (const { id, until } of await batch.findKept()) {
    if (Date.parse(until) + KEPT_GRACE_MS >= now.getTime()) continue;
    await attempt(`pool ${id}`, async () => {
      if ((await batch.removeKept(id)) === 'going') removed.push(id);
    });
  }
  return removed;
}

async function keptUntil(files: Files, runId: string, now: Date): Promise<string> {
  try {
    return (await readRecord(files, runId)).outputsKeptUntil ?? '';
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'unknownRun')) throw error;
  }
  // From when they were first seen without a run.
  await files.makeContainer(RUNS_CONTAINER, {});
  await files.claim(RUNS_CONTAINER, leftBlob(runId), now.toISOString());
  const since = await files.readText(RUNS_CONTAINER, leftBlob(runId), 100);
  return new Date(Date.parse(since ?? '') + UNRECORDED_DAYS * DAY_MS).toISOString();
}
