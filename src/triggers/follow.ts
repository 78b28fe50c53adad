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
 * Starts the runs that follow a run that succeeded, in the same way as every trigger.
 *
 * It is the last step of the run before its record. The engine repeats a step until it is done,
 * across crashes and replays, so no follower is lost; and the id of a follower comes from the id of
 * the run that it follows, so a repeated step finds it started. A sub-orchestration is not suitable:
 * the run would wait for the end of its follower, and would not check whether an instance of that id
 * exists. A trigger on the record could be lost, or late by minutes.
 */
export function followHandler({ files }: Ports, workloads: Workloads) {
  return (input: unknown, context: InvocationContext) => {
    const start = { client: getClient(context), files };
    const startAll: StartFollowers = async ({ occurrence, workloads: names }) => {
      const started: Follower[] = [];
      for (const workload of names) {
        const runId = runIdOf(workload, occurrence);
        const request = { workload, occurrence, parameters: {} };
        const cause = await tryStart(start, workloads, request);
        started.push({ workload, runId, ...(cause !== null && { cause }) });
      }
      return started;
    };
    return asActivity(startAll)(input);
  };
}

/** Returns why the run cannot be started; null when it is started, now or before. A transient error is thrown, and retried. */
async function tryStart(
  context: StartContext,
  workloads: Workloads,
  request: RunRequest,
): Promise<string | null> {
  const workload = workloads.get(request.workload);
  if (workload === undefined) return `no workload is called ${request.workload}`;
  try {
    await startRun(context, workload, { ...request, parameters: parametersOf(workload, {}) });
    return null;
  } catch (error) {
    if (error instanceof Failure && error.code !== 'serviceUnavailable') return error.message;
    throw new Failure(
      'serviceUnavailable',
      `cannot start ${workload.name} at the moment: ${formatError(error)}`,
      {
        cause: error,
      },
    );
  }
}
