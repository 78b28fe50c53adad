import type { InvocationContext, Timer } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import type { Ports } from '../run/ports';
import type { Workloads } from '../workload/workload';
import { reap, type KnownRuns } from '../run/finish/reap';
import { isActive, findInstance } from '../instances';

/** Hourly: what no run looks after any more is deleted and named in the log. */
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
      context.warn(`${kind} ${id} had no run any more and is being deleted`);
    for (const id of retainedPools)
      context.log(`pool ${id} was kept long enough and is being deleted`);
    for (const id of forgotten) context.log(`run ${id} was long ago and is forgotten`);
    for (const name of containers) context.log(`container ${name} was deleted, its time is over`);
    for (const what of failures) context.error(`still there, next try in an hour: ${what}`);
  };
}
