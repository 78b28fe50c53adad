import type { InvocationContext, Timer } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import { Failure } from './failure';
import { parametersOf } from './http';
import type { Ports } from './run/ports';
import type { Occurrence } from './run/run';
import { matches } from './run/staging';
import type { Workload } from './run/workload';
import { tidy } from './run/tidy';
import { isGoing, pictureOf } from './run-picture';
import { startRun, statusOf } from './start';

/** Timer and blob, each turned into the same start as over HTTP. */

/**
 * The occurrence is the due time, not the time of firing: a timer that fires twice for one due
 * time, or late after an outage, starts one run. A timer that was fired by hand has no due time.
 */
export function timerHandler({ files }: Ports, workload: Workload) {
  return async (timer: Timer, client: DurableClient, context: InvocationContext): Promise<void> => {
    const due = dueTime(timer);
    const occurrence: Occurrence =
      due === null
        ? { kind: 'request', key: `timer-${context.invocationId}` }
        : { kind: 'schedule', due };
    const { runId, isNew } = await startRun({ client, files }, workload, {
      workload: workload.name,
      occurrence,
      parameters: parametersOf(workload, {}),
    });
    context.log(
      isNew ? `run ${runId} started` : `run ${runId} had been started for this due time already`,
    );
  };
}

function dueTime({ scheduleStatus }: Timer): string | null {
  const next: string | undefined = scheduleStatus?.next;
  const moment = new Date(next ?? Number.NaN);
  // A status that was never written shows the year 1.
  if (Number.isNaN(moment.getTime()) || moment.getUTCFullYear() < 2000) return null;
  return moment.toISOString();
}

/**
 * The content that the trigger hands over is not used: the run stages the blob itself, pinned to
 * its ETag. A blob that was overwritten meanwhile is taken in its new version, whose own event then
 * finds the run started.
 */
export function blobHandler({ files }: Ports, workload: Workload) {
  return async (
    _content: unknown,
    client: DurableClient,
    context: InvocationContext,
  ): Promise<void> => {
    const { container, name, etag: firedFor } = firedBy(context);
    if (!matches(name, workload.triggers.blob?.endsWith ?? [])) {
      context.log(
        `${JSON.stringify(name)} is none of the files that start ${workload.name}; it is left alone`,
      );
      return;
    }
    const etag = (await currentEtag(files, container, name)) ?? firedFor;
    const { runId, isNew } = await startRun({ client, files }, workload, {
      workload: workload.name,
      occurrence: { kind: 'blob', container, name, etag },
      parameters: parametersOf(workload, {}),
      blob: name,
    });
    context.log(
      isNew ? `run ${runId} started` : `run ${runId} had been started for this blob already`,
    );
  };
}

/** Null when the blob is gone or cannot be addressed: the run that is started all the same says so. */
async function currentEtag(
  files: Ports['files'],
  container: string,
  name: string,
): Promise<string | null> {
  try {
    return (await files.find(container, name))?.etag ?? null;
  } catch (error) {
    if (error instanceof Failure && error.code === 'inputRefused') return null;
    throw error;
  }
}

/** The trigger's own account of the blob: `container/path/name`, and properties with an ETag. */
function firedBy({ triggerMetadata = {} }: InvocationContext): {
  container: string;
  name: string;
  etag: string;
} {
  const path = String(triggerMetadata['blobTrigger']);
  const slash = path.indexOf('/');
  const properties = (triggerMetadata['properties'] ?? {}) as { eTag?: string; etag?: string };
  return {
    container: path.slice(0, slash),
    name: path.slice(slash + 1),
    etag: (properties.eTag ?? properties.etag ?? 'unknown').replaceAll('"', ''),
  };
}

/** Hourly: what no run looks after any more is deleted and named in the log. */
export function tidyHandler(ports: Ports, now: () => Date) {
  return async (
    _timer: Timer,
    client: DurableClient,
    context: InvocationContext,
  ): Promise<void> => {
    const going = async (runId: string): Promise<boolean> => {
      const status = await statusOf(client, runId);
      const run = status === null ? null : pictureOf(status);
      return run !== null && isGoing(run);
    };
    const { orphans, containers, kept, refused } = await tidy(ports, going, now());
    for (const { kind, id } of orphans)
      context.warn(`${kind} ${id} had no run any more and is being deleted`);
    for (const id of kept) context.log(`pool ${id} was kept long enough and is being deleted`);
    for (const name of containers) context.log(`container ${name} was deleted, its time is over`);
    for (const what of refused) context.error(`still there, next try in an hour: ${what}`);
  };
}
