import type { InvocationContext, Timer } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import type { Ports } from '../run/ports';
import type { Workloads } from '../workload/workload';
import { tidy, type RunsKnown } from '../run/finish/tidy';
import { isActive, statusOf } from '../instances';

/** Hourly: what no run looks after any more is deleted and named in the log. */
export function tidyHandler(tools: Ports & { readonly workloads: Workloads }, now: () => Date) {
  return async (
    _timer: Timer,
    client: DurableClient,
    context: InvocationContext,
  ): Promise<void> => {
    const runs: RunsKnown = {
      isGoing: async (runId) => {
        const status = await statusOf(client, runId);
        return status !== null && isActive(status);
      },
      forget: async (runId) => {
        if ((await statusOf(client, runId)) !== null) await client.purgeInstanceHistory(runId);
      },
    };
    const { orphans, containers, forgotten, kept, refused } = await tidy(tools, runs, now());
    for (const { kind, id } of orphans)
      context.warn(`${kind} ${id} had no run any more and is being deleted`);
    for (const id of kept) context.log(`pool ${id} was kept long enough and is being deleted`);
    for (const id of forgotten) context.log(`run ${id} was long ago and is forgotten`);
    for (const name of containers) context.log(`container ${name} was deleted, its time is over`);
    for (const what of refused) context.error(`still there, next try in an hour: ${what}`);
  };
}
