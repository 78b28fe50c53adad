import type { InvocationContext } from '@azure/functions';
import { getClient, type DurableClient } from 'durable-functions';
import { admissionOf, type App } from '../app';
import { Failure, formatError } from '../failure';
import { admit } from '../ledger/admit';
import type { AdmitWaiting, StartFollowers } from '../run/finish/followers';
import type { Follower, RunRequest } from '../run/run';
import { asActivity } from '../run/steps';
import { startRun } from '../start-run';
import { parametersOf } from '../workload/parameters';

/**
 * Starts the runs that follow a run that succeeded, in the same way as every trigger.
 *
 * It is the last step of the run before its record. The engine repeats a step until it is done,
 * across crashes and replays, so no follower is lost; and the id of a follower comes from the id of
 * the run that it follows, so a repeated step finds it started. A sub-orchestration is not suitable:
 * the run would wait for the end of its follower, and would not check whether an instance of that id
 * exists. A trigger on the record could be lost, or late by minutes.
 */
export function followHandler(app: App) {
  return (input: unknown, context: InvocationContext) =>
    asActivity(followersStarter(app, getClient(context)))(input);
}

/** The step itself, with the client that starts the runs. */
export function followersStarter(app: App, client: DurableClient): StartFollowers {
  return async ({ occurrence, workloads: names }) => {
    const followers: Follower[] = [];
    for (const workload of names) {
      followers.push(await tryStart(app, client, { workload, occurrence, parameters: {} }));
    }
    return followers;
  };
}

/** A transient error is thrown, so that the step is repeated; any other is the follower's cause. */
async function tryStart(app: App, client: DurableClient, request: RunRequest): Promise<Follower> {
  const { workload: name } = request;
  const workload = app.workloads.get(name);
  if (workload === undefined) {
    return { workload: name, runId: null, cause: `no workload is called ${name}` };
  }
  try {
    const parameters = parametersOf(workload, {});
    const { runId } = await startRun(app, client, workload, { ...request, parameters });
    return { workload: name, runId };
  } catch (error) {
    if (error instanceof Failure && error.code !== 'serviceUnavailable') {
      return { workload: name, runId: null, cause: error.message };
    }
    const message = `cannot start ${name} just now: ${formatError(error)}`;
    throw new Failure('serviceUnavailable', message, { cause: error });
  }
}

/** The activity that starts what waited for the end of a run. */
export function admitHandler(app: App) {
  return (input: unknown, context: InvocationContext) =>
    asActivity(waitingAdmitter(app, getClient(context)))(input);
}

export function waitingAdmitter(app: App, client: DurableClient): AdmitWaiting {
  return async () => {
    await admit(admissionOf(app, client));
    return null;
  };
}
