import type { OrchestrationContext, Task } from 'durable-functions';
import { Failure, formatError, type FailureCode } from '../failure';
import type { Activities } from './activities';
import type { StartFollowers } from './finish/followers';
import type { RunStatus } from './run';

/** The typed bridge to Durable Functions: the one place where its untyped values are let in. */

/** A stretch of workflow: `yield*` it and get its result, typed. */
// oxlint-disable-next-line typescript/no-explicit-any -- what a yield answers depends on what was yielded
export type Step<Result> = Generator<Task, Result, any>;

/** What an activity hands back: classes do not survive the way, so a Failure travels as data. */
export type ActivityResult<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly code: FailureCode; readonly message: string };

const SECOND_MS = 1000;
const LONGEST_PAUSE_SECONDS = 300;

/** Tries, and the pause before the second; each further pause is twice as long, up to five minutes. */
const retryPolicies = {
  /** About ten minutes: what a throttled or restarting service needs. */
  normal: { tries: 8, firstPauseSeconds: 5 },
  /** About three hours: what must not be given up lightly, since it stops the bill. */
  stubborn: { tries: 40, firstPauseSeconds: 5 },
} as const;

/** All that a run can have done: what needs ports alone, and what needs the engine besides. */
type Steps = Activities & { startFollowers: StartFollowers };

const stubborn: ReadonlySet<keyof Steps> = new Set(['cleanUp', 'record', 'startFollowers']);

/**
 * Runs one activity. The name and the types both come from `createActivities`. The tries are counted
 * here and not by the host, so that the status can say what the run is held up by.
 */
export function* perform<Name extends keyof Steps>(
  ctx: OrchestrationContext,
  name: Name,
  input: Parameters<Steps[Name]>[0],
): Step<Awaited<ReturnType<Steps[Name]>>> {
  const { tries, firstPauseSeconds } = stubborn.has(name)
    ? retryPolicies.stubborn
    : retryPolicies.normal;
  for (let attempt = 1; ; attempt++) {
    try {
      const answer: ActivityResult<Awaited<ReturnType<Steps[Name]>>> = yield ctx.df.callActivity(
        name,
        input,
      );
      if (answer.kind === 'done') return answer.result;
      throw new Failure(answer.code, answer.message);
    } catch (error) {
      // What the activity answered is final; what it threw is worth another try.
      if (error instanceof Failure) throw error;
      const words = wordsOf(error);
      if (attempt === tries)
        throw new Failure('serviceUnavailable', `${words} (tried ${tries} times)`);
      showTrouble(ctx, words);
    }
    const pauseSeconds = Math.min(LONGEST_PAUSE_SECONDS, firstPauseSeconds * 2 ** (attempt - 1));
    yield ctx.df.createTimer(
      new Date(ctx.df.currentUtcDateTime.getTime() + pauseSeconds * SECOND_MS),
    );
  }
}

/** Whoever looks at the run meanwhile sees what holds it up. */
function showTrouble(ctx: OrchestrationContext, words: string): void {
  const status = ctx.df.customStatus as RunStatus | undefined;
  if (status !== undefined)
    ctx.df.setCustomStatus({ ...status, waitingFor: `another try: ${words}` });
}

/** The host writes `Activity function 'stage' failed:  …` and a stack around the words. */
function wordsOf(error: unknown): string {
  const [line = ''] = formatError(error).split('\n');
  return line.replace(/^Activity function '[^']*' failed:\s*/, '').trim();
}

/**
 * Waits until `until`, or until somebody raises the event. The event is a hint to look sooner,
 * never the news itself: an event that gets lost costs one wait and nothing else.
 */
export function* sleepUntil(ctx: OrchestrationContext, until: string, event: string): Step<void> {
  const timer = ctx.df.createTimer(new Date(until));
  const woken = ctx.df.waitForExternalEvent(event);
  const first: Task = yield ctx.df.Task.any([woken, timer]);
  // A live timer would keep the instance from ending or continuing as new.
  if (first === woken) timer.cancel();
}

/**
 * An activity as the host runs it. Only what is worth trying again is thrown, because the host
 * tries a thrown activity again; everything else goes back as an answer, a bug of ours included.
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
