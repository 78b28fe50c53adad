import { formatError } from '../../failure';
import { eachAtOnce } from '../../concurrency';
import type { DeletionState, OwnedResource, Ports } from '../ports';

/** The deletions that a stop requested. */
export interface Stopped {
  readonly removing: readonly { readonly kind: 'pool' | 'job'; readonly id: string }[];
  /** Retained pools, which are scaled to zero nodes instead of being deleted. */
  readonly scaledToZero: readonly string[];
  /** Deletions that failed, with the error of each. The reconciler repeats them. */
  readonly refused: readonly string[];
}

/** Requests in flight at once: a stop of hundreds of runs takes seconds, not minutes. */
const REQUESTS_AT_ONCE = 16;

/**
 * Takes all nodes of this app away, whatever its runs are doing: pools first and in parallel, then
 * jobs. Resources of another owner are not changed. A resource that is deleted already, or cannot
 * be deleted, does not stop the others. `runIds` limits the stop to these runs; null stops all.
 */
export async function stopCosts(
  { batch }: Pick<Ports, 'batch'>,
  owner: string,
  only: { readonly runIds: ReadonlySet<string>; readonly workload: string } | null,
): Promise<Stopped> {
  const removing: { kind: 'pool' | 'job'; id: string }[] = [];
  const scaledToZero: string[] = [];
  const refused: string[] = [];
  const stop = async (resource: OwnedResource): Promise<void> => {
    const { kind, id, runId } = resource;
    try {
      if (runId === null) {
        await batch.scalePoolToZero(id, { owner, runId: '', workload: workloadOfPool(id) });
        scaledToZero.push(id);
      } else if ((await deleteOwned(batch, { kind, id, runId, owner })) === 'deleting') {
        removing.push({ kind, id });
      }
    } catch (error) {
      refused.push(`${kind} ${id}: ${formatError(error)}`);
    }
  };
  const owned = (await batch.listOwned(owner)).filter(({ id, runId }) =>
    only === null
      ? true
      : runId === null
        ? workloadOfPool(id) === only.workload
        : only.runIds.has(runId),
  );
  await eachAtOnce(
    owned.filter(({ kind }) => kind === 'pool'),
    REQUESTS_AT_ONCE,
    stop,
  );
  await eachAtOnce(
    owned.filter(({ kind }) => kind === 'job'),
    REQUESTS_AT_ONCE,
    stop,
  );
  return { removing, scaledToZero, refused };
}

/** The id of a retained pool begins with its workload. */
function workloadOfPool(poolId: string): string {
  return poolId.replace(/-kept-[0-9a-f]{10}-\d+$/, '');
}

/** Requests the deletion of a pool or job of a run. */
export function deleteOwned(
  batch: Ports['batch'],
  resource: {
    readonly kind: 'pool' | 'job';
    readonly id: string;
    readonly runId: string;
    readonly owner: string;
  },
): Promise<DeletionState> {
  const { kind, id, runId } = resource;
  const owner = { owner: resource.owner, runId, workload: '' };
  return kind === 'pool' ? batch.deletePool(id, owner) : batch.deleteJob(id, owner);
}
