import { readRecord } from './activities';
import type { Ports } from './ports';
import { RUN_LABEL } from './tools';
import { Failure } from '../failure';

/** What a tidy found to do, and did. */
export interface Tidied {
  /** Pools and jobs whose run no longer runs: left by a run that was terminated from outside. */
  readonly orphans: readonly { readonly kind: 'pool' | 'job'; readonly id: string }[];
  /** Containers whose time was over. */
  readonly containers: readonly string[];
}

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
  for (const { kind, id, runId } of await batch.findOwned()) {
    if (await isGoing(runId)) continue;
    const owner = { runId, workload: '' };
    await (kind === 'pool' ? batch.removePool(id, owner) : batch.removeJob(id, owner));
    orphans.push({ kind, id });
  }

  const containers: string[] = [];
  for (const { name, labels } of await files.listContainers('run-')) {
    const runId = labels[RUN_LABEL];
    if (runId === undefined || (await isGoing(runId))) continue;
    if (name.endsWith('-out') && (await keptUntil({ files }, runId)) > now.toISOString()) continue;
    await files.removeContainer(name, { [RUN_LABEL]: runId });
    containers.push(name);
  }
  return { orphans, containers };
}

/** Outputs of a run without a record are kept: nobody has said how long. */
async function keptUntil({ files }: Pick<Ports, 'files'>, runId: string): Promise<string> {
  try {
    return (await readRecord(files, runId)).outputsKeptUntil ?? '';
  } catch (error) {
    if (error instanceof Failure && error.code === 'unknownRun') return '9999';
    throw error;
  }
}
