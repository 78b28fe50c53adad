import type { OrchestrationContext, Task } from 'durable-functions';
import { Failure, formatError, truncate, type FailureCode } from '../failure';
import type { Activities } from './activities';
import type { AdmitWaiting, StartFollowers } from './finish/followers';
import type { RunStatus } from './run';

/** The typed bridge to Durable Functions: the only place that accepts its untyped values. */

/** A part of a workflow: `yield*` runs it and returns its typed result. */
// oxlint-disable-next-line typescript/no-explicit-any -- the result of a yield depends on the yielded task
export type Step<Result> = Generator<Task, Result, any>;

/** The result of an activity. Classes do not survive serialization, so a Failure travels as data. */
export type ActivityResult<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly code: FailureCode; readonly message: string };

const SECOND_MS = 1000;
const MAX_DELAY_SECONDS = 300;

/** Exponential backoff: each delay is twice the one before, up to five minutes. */
const retryPolicies = {
  /** About ten minutes: enough for a throttled or restarting service. */
  normal: { attempts: 8, firstDelaySeconds: 5 },
  /** About three hours: for the steps that stop the costs and record them. */
  persistent: { attempts: 40, firstDelaySeconds: 5 },
} as const;

/** Every activity of a run: those that need only ports, and those that need the Durable client. */
type Steps = Activities & { startFollowers: StartFollowers; admitWaiting: AdmitWaiting };

const persistentSteps: ReadonlySet<keyof Steps> = new Set(['cleanUp', 'record', 'startFollowers']);

/**
 * Runs one activity. The name and the types both come from `createActivities`. The workflow counts
 * the attempts itself instead of the host, so that the status can show the error of the last one.
 */
export function* perform<Name extends keyof Steps>(
  ctx: OrchestrationContext,
  name: Name,
  input: Parameters<Steps[Name]>[0],
): Step<Awaited<ReturnType<Steps[Name]>>> {
  const { attempts, firstDelaySeconds } = persistentSteps.has(name)
    ? retryPolicies.persistent
    : retryPolicies.normal;
  for (let attempt = 1; ; attempt++) {
    try {
      const returned: ActivityResult<Awaited<ReturnType<Steps[Name]>>> = yield ctx.df.callActivity(
        name,
        input,
      );
      if (returned.kind === 'done') return returned.result;
      throw new Failure(returned.code, returned.message);
    } catch (error) {
      // A returned failure is final; a thrown error is retried.
      if (error instanceof Failure) throw error;
      const message = messageOf(error);
      if (attempt === attempts)
        throw new Failure('serviceUnavailable', `${message} (failed ${attempts} times)`);
      showRetry(ctx, message);
    }
    const delaySeconds = Math.min(MAX_DELAY_SECONDS, firstDelaySeconds * 2 ** (attempt - 1));
    yield ctx.df.createTimer(
      new Date(ctx.df.currentUtcDateTime.getTime() + delaySeconds * SECOND_MS),
    );
  }
}

/** Shows in the status why a step is being retried. */
function showRetry(ctx: OrchestrationContext, message: string): void {
  const status = ctx.df.customStatus as RunStatus | undefined;
  if (status !== undefined)
    ctx.df.setCustomStatus({ ...status, waitingFor: `a retry: ${message}` });
}

/** Bound of an error message in a status or a cause. */
const MESSAGE_CHARACTERS = 1000;

/** Removes the prefix `Activity function 'stage' failed:  …` and the stack that the host adds. */
function messageOf(error: unknown): string {
  const [line = ''] = formatError(error).split('\n');
  const message = line.replace(/^Activity function '[^']*' failed:\s*/, '').trim();
  return truncate(message, MESSAGE_CHARACTERS);
}

/**
 * Waits until `until`, or until the event is raised. The event is only a hint to poll sooner and
 * carries no data: a lost event costs one wait and nothing else.
 */
export function* sleepUntil(ctx: OrchestrationContext, until: string, event: string): Step<void> {
  const timer = ctx.df.createTimer(new Date(until));
  const raised = ctx.df.waitForExternalEvent(event);
  const first: Task = yield ctx.df.Task.any([raised, timer]);
  // An active timer would keep the instance from ending or continuing as new.
  if (first === raised) timer.cancel();
}

/**
 * Wraps an activity for the host. Only errors worth a retry are thrown, because `perform` retries
 * what an activity throws; everything else, a bug included, is returned as data.
 */
export function asActivity<Result>(
  activity: (input: never) => Promise<Result>,
): (input: unknown) => Promise<ActivityResult<Result>> {
  return async (input) => {
    try {
      return { kind: 'done', result: await activity(input as never) };
    } catch (error) {
      if (!(error instanceof Failure)) {
        return { kind: 'failed', code: 'internal', message: formatError(error) };
      }
      if (error.code === 'serviceUnavailable') throw error;
      return { kind: 'failed', code: error.code, message: error.message };
    }
  };
}
