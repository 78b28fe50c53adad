import { formatError } from '../../failure';
import type { Ports, DeletionState } from '../ports';

/** The deletions that a stop requested. */
export interface Stopped {
  readonly removing: readonly { readonly kind: 'pool' | 'job'; readonly id: string }[];
  /** Deletions that failed, with the error of each. The reaper repeats them every hour. */
  readonly refused: readonly string[];
}

/**
 * Deletes every pool and job of any run of this app, whatever the run is doing, to stop all costs.
 * Resources without a run id in their metadata are not changed. A resource that is deleted already,
 * or cannot be deleted, does not stop the others.
 */
export async function stopCosts({ batch }: Pick<Ports, 'batch'>): Promise<Stopped> {
  const removing: { kind: 'pool' | 'job'; id: string }[] = [];
  const refused: string[] = [];
  for (const owned of await batch.listOwned()) {
    const { kind, id } = owned;
    try {
      if ((await deleteOwned(batch, owned)) === 'deleting') removing.push({ kind, id });
    } catch (error) {
      refused.push(`${kind} ${id}: ${formatError(error)}`);
    }
  }
  return { removing, refused };
}

/** Requests the deletion of a pool or job of a run. */
export function deleteOwned(
  batch: Ports['batch'],
  { kind, id, runId }: Awaited<ReturnType<Ports['batch']['listOwned']>>[number],
): Promise<DeletionState> {
  const owner = { runId, workload: '' };
  return kind === 'pool' ? batch.deletePool(id, owner) : batch.deleteJob(id, owner);
}
