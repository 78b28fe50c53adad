import type { InvocationContext } from '@azure/functions';
import { getClient } from 'durable-functions';
import { Failure, formatError } from '../failure';
import type { StartFollowers } from '../run/finish/followers';
import type { Ports } from '../run/ports';
import type { Follower, RunRequest } from '../run/run';
import { asActivity } from '../run/steps';
import type { Workloads } from '../workload/workload';
import { startRun } from '../start-run';
import { runIdOf } from '../run/names';
import { parametersOf } from '../workload/parameters';
import type { StartContext } from '../instances';

/**
 * Starts the runs that follow one that succeeded, through the one door that every trigger takes.
 *
 * It is the last step of the run before its record. The engine takes a step until it is done,
 * across crashes and replays, so no follower is lost; and a follower's id comes from the id of the
 * run it follows, so a step that is taken twice finds it started. A sub-orchestration would not do:
 * the run would have to wait for the end of its follower, and an instance of that id would not be
 * asked whether it exists. Nor would a trigger on the record: it could be lost, or late by minutes.
 */
export function followHandler({ files }: Ports, workloads: Workloads) {
  return (input: unknown, context: InvocationContext) => {
    const doors = { client: getClient(context), files };
    const start: StartFollowers = async ({ occurrence, workloads: names }) => {
      const started: Follower[] = [];
      for (const workload of names) {
        const runId = runIdOf(workload, occurrence);
        const request = { workload, occurrence, parameters: {} };
        const cause = await tryStart(doors, workloads, request);
        started.push({ workload, runId, ...(cause !== null && { cause }) });
      }
      return started;
    };
    return asActivity(start)(input);
  };
}

/** Null when the run is started, now or before. What may pass is thrown, and tried again. */
async function tryStart(
  doors: StartContext,
  workloads: Workloads,
  request: RunRequest,
): Promise<string | null> {
  const workload = workloads.get(request.workload);
  if (workload === undefined) return `no workload is called ${request.workload}`;
  try {
    await startRun(doors, workload, { ...request, parameters: parametersOf(workload, {}) });
    return null;
  } catch (error) {
    if (error instanceof Failure && error.code !== 'serviceUnavailable') return error.message;
    const words = formatError(error);
    throw new Failure('serviceUnavailable', `cannot start ${workload.name} just now: ${words}`, {
      cause: error,
    });
  }
}
