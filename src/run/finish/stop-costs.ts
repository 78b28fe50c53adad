import { formatError } from '../../failure';
import type { Ports, DeletionState } from '../ports';

/** What a stop has set going. */
export interface Stopped {
  readonly removing: readonly { readonly kind: 'pool' | 'job'; readonly id: string }[];
  /** What could not be deleted just now, and why. The hourly tidy tries again. */
  readonly refused: readonly string[];
}

/**
 * Stops all that bills: every pool and job that any run of this app made is deleted, whatever its
 * run is doing. Known by the run id in its metadata; what others made is not touched. One that is
 * gone already, or cannot be deleted, does not keep the others.
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

/** Asks for the end of what a run has made. */
export function deleteOwned(
  batch: Ports['batch'],
  { kind, id, runId }: Awaited<ReturnType<Ports['batch']['listOwned']>>[number],
): Promise<DeletionState> {
  const owner = { runId, workload: '' };
  return kind === 'pool' ? batch.deletePool(id, owner) : batch.deleteJob(id, owner);
}
