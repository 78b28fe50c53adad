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
  | {
      readonly kind: 'failed';
      readonly code: FailureCode;
      readonly message: string;
      /** The workflow waits this long: a function that waits is billed, a timer is not. */
      readonly retryAfterSeconds?: number;
    };

/**
 * One execution of an orchestration, between two continue-as-new. A replay reads the whole history,
 * so the rows of an execution are counted and bounded.
 */
export interface Execution {
  readonly ctx: OrchestrationContext;
  /** Rows that this execution has written to the history. */
  rows: number;
  /** The step that is being retried; it survives a continue-as-new. */
  retry: Retry | null;
}

export interface Retry {
  readonly step: string;
  readonly attempts: number;
}

export function newExecution(ctx: OrchestrationContext, retry: Retry | null = null): Execution {
  return { ctx, retry, rows: 0 };
}

/**
 * Thrown where the history of an execution is long enough. The workflow catches it in one place,
 * saves its state and continues as new; it is never the outcome of a run.
 */
export class HistoryFull extends Error {
  override readonly name = 'HistoryFull';
}

/** Rows after which an execution ends. One pass of any loop adds fewer than the rest to 200. */
const MAX_ROWS = 150;
/** Scheduling, completion, and the start and end of the episode between them. */
const ROWS_OF_A_STEP = 4;
/** The same for a timer and an event, of which the one that came second may still be written. */
const ROWS_OF_A_WAIT = 6;

/** Ends the execution if its history is long. Called only where the state of the run is complete. */
export function boundHistory(execution: Execution): void {
  if (execution.rows >= MAX_ROWS) throw new HistoryFull();
}

const SECOND_MS = 1000;
const MAX_DELAY_SECONDS = 300;
/** A service that asks for a longer pause is tried again after this long. */
const MAX_RETRY_AFTER_SECONDS = 3600;

/** Exponential backoff: each delay is twice the one before, up to five minutes. */
const retryPolicies = {
  /** About ten minutes: enough for a throttled or restarting service. */
  normal: { attempts: 8, firstDelaySeconds: 5 },
  /** More than a day: for the steps that stop the costs and record them. */
  persistent: { attempts: 310, firstDelaySeconds: 5 },
  /** For a measurement that must not delay the steps that stop the costs. */
  once: { attempts: 1, firstDelaySeconds: 0 },
} as const;

/** Every activity of a run: those that need only ports, and those that need the Durable client. */
type Steps = Activities & { startFollowers: StartFollowers; admitWaiting: AdmitWaiting };

type Policy = keyof typeof retryPolicies;

const policies: Partial<Record<keyof Steps, Policy>> = {
  cleanUp: 'persistent',
  record: 'persistent',
  startFollowers: 'persistent',
  measure: 'once',
};

/**
 * Runs one activity. The name and the types both come from `createActivities`. The workflow counts
 * the attempts itself instead of the host, so that the status can show the error of the last one.
 */
export function* perform<Name extends keyof Steps>(
  execution: Execution,
  name: Name,
  input: Parameters<Steps[Name]>[0],
): Step<Awaited<ReturnType<Steps[Name]>>> {
  return yield* performEach(execution, name, policies[name] ?? 'normal', () => input);
}

/** The same, with the input of each attempt and with another policy. */
export function* performEach<Name extends keyof Steps>(
  execution: Execution,
  name: Name,
  policy: Policy,
  inputOf: () => Parameters<Steps[Name]>[0],
): Step<Awaited<ReturnType<Steps[Name]>>> {
  const { ctx } = execution;
  const { attempts, firstDelaySeconds } = retryPolicies[policy];
  const before = execution.retry?.step === name ? execution.retry.attempts : 0;
  for (let attempt = before + 1; ; attempt++) {
    const returned: ActivityResult<Awaited<ReturnType<Steps[Name]>>> = yield* attemptOf(
      execution,
      name,
      inputOf(),
    );
    execution.retry = null;
    if (returned.kind === 'done') return returned.result;
    const { code, message, retryAfterSeconds } = returned;
    if (!isTransient(code, policy)) throw new Failure(code, message, { retryAfterSeconds });
    if (attempt >= attempts) throw new Failure(code, `${message} (failed ${attempts} times)`);
    showRetry(ctx, message);
    execution.retry = { step: name, attempts: attempt };
    const backoffSeconds = Math.min(MAX_DELAY_SECONDS, firstDelaySeconds * 2 ** (attempt - 1));
    const askedSeconds = Math.min(MAX_RETRY_AFTER_SECONDS, retryAfterSeconds ?? 0);
    yield* pause(execution, Math.max(backoffSeconds, askedSeconds));
    boundHistory(execution);
  }
}

/** A person who has removed a role assignment can add it again while a persistent step waits. */
function isTransient(code: FailureCode, policy: Policy): boolean {
  return code === 'serviceUnavailable' || (policy === 'persistent' && code === 'accessDenied');
}

/** One call of an activity. A thrown error is worth a retry; a returned failure says so itself. */
function* attemptOf<Result>(
  execution: Execution,
  name: string,
  input: unknown,
): Step<ActivityResult<Result>> {
  execution.rows += ROWS_OF_A_STEP;
  try {
    return yield execution.ctx.df.callActivity(name, input);
  } catch (error) {
    return { kind: 'failed', code: 'serviceUnavailable', message: messageOf(error) };
  }
}

function* pause(execution: Execution, seconds: number): Step<void> {
  const { ctx } = execution;
  execution.rows += ROWS_OF_A_STEP;
  yield ctx.df.createTimer(new Date(ctx.df.currentUtcDateTime.getTime() + seconds * SECOND_MS));
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
export function* sleepUntil(execution: Execution, until: string, event: string): Step<void> {
  const { ctx } = execution;
  execution.rows += ROWS_OF_A_WAIT;
  const timer = ctx.df.createTimer(new Date(until));
  const raised = ctx.df.waitForExternalEvent(event);
  const first: Task = yield ctx.df.Task.any([raised, timer]);
  // An active timer would keep the instance from ending or continuing as new.
  if (first === raised) timer.cancel();
}

/** True for a step that the version without owner ids scheduled, and this one received. */
function isOfOtherVersion(input: unknown): boolean {
  const { plan } = (input ?? {}) as { readonly plan?: { readonly owner?: unknown } };
  return plan !== undefined && plan.owner === undefined;
}

/**
 * Wraps an activity for the host. An error worth a retry is thrown, because `perform` retries what
 * an activity throws, unless the service named the time of the retry: the host keeps only the
 * message of an error. Everything else, a bug included, is returned as data.
 */
export function asActivity<Result>(
  activity: (input: never) => Promise<Result>,
): (input: unknown) => Promise<ActivityResult<Result>> {
  return async (input) => {
    if (isOfOtherVersion(input)) {
      const message = 'the app was upgraded since this step was scheduled';
      return { kind: 'failed', code: 'workloadChanged', message };
    }
    try {
      return { kind: 'done', result: await activity(input as never) };
    } catch (error) {
      if (!(error instanceof Failure)) {
        return { kind: 'failed', code: 'internal', message: formatError(error) };
      }
      const { code, message, retryAfterSeconds } = error;
      if (retryAfterSeconds !== null) return { kind: 'failed', code, message, retryAfterSeconds };
      if (code === 'serviceUnavailable') throw error;
      return { kind: 'failed', code, message };
    }
  };
}
