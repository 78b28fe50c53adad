import { messageOf } from '../failure';
import type { Ports } from './ports';

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
  for (const { kind, id, runId } of await batch.findOwned()) {
    const owner = { runId, workload: '' };
    try {
      const how = await (kind === 'pool'
        ? batch.removePool(id, owner)
        : batch.removeJob(id, owner));
      if (how === 'going') removing.push({ kind, id });
    } catch (error) {
      refused.push(`${kind} ${id}: ${messageOf(error)}`);
    }
  }
  return { removing, refused };
}
