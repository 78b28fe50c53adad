import type { InvocationContext, Timer } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import type { Ports } from '../run/ports';
import type { Workloads } from '../workload/workload';
import { reap, type KnownRuns } from '../run/finish/reap';
import { isActive, findInstance } from '../instances';

/** The reaper: deletes hourly what no active run claims, and logs each deletion. */
export function reaperHandler(app: Ports & { readonly workloads: Workloads }, now: () => Date) {
  return async (
    _timer: Timer,
    client: DurableClient,
    context: InvocationContext,
  ): Promise<void> => {
    const runs: KnownRuns = {
      isActive: async (runId) => {
        const status = await findInstance(client, runId);
        return status !== null && isActive(status);
      },
      forget: async (runId) => {
        if ((await findInstance(client, runId)) !== null) await client.purgeInstanceHistory(runId);
      },
    };
    const { orphans, containers, forgotten, retainedPools, failures } = await reap(
      app,
      runs,
      now(),
    );
    for (const { kind, id } of orphans)
      context.warn(`${kind} ${id} has no active run and is being deleted`);
    for (const id of retainedPools)
      context.log(`pool ${id} has reached its retention and is being deleted`);
    for (const id of forgotten)
      context.log(`the record of run ${id} has reached its retention and was deleted`);
    for (const name of containers)
      context.log(`container ${name} has reached its retention and was deleted`);
    for (const what of failures)
      context.error(`cannot be deleted yet, next attempt in an hour: ${what}`);
  };
}
