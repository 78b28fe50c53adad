import type { OrchestrationContext } from 'durable-functions';
import { Failure, formatError, truncate } from '../failure';
import { followersOf } from './finish/followers';
import { planRun } from './plan';
import { addUsage, nextStep, notePoll } from './progress';
import { perform, sleepUntil, type Step } from './steps';
import {
  NO_TASKS,
  NOTHING_HARVESTED,
  type CleanedUp,
  type Follower,
  type Harvest,
  type RunInput,
  type Observation,
  type Outcome,
  type Phase,
  type RunPlan,
  type RunRecord,
  type RunStatus,
  type WatchState,
} from './run';
import { tasksKnownIn } from '../workload/work-schema';
import type { Workload, Workloads } from '../workload/workload';
import { firstNodes, nodesFor } from './provision/autoscale-formula';

/** Event that makes a run poll at once: raised by a request to cancel and by a finished task. */
export const POLL_NOW = 'poll-now';
export const RUN_ORCHESTRATION = 'run';

/** A replay repeats the whole history, so a long watch continues as new after this many polls. */
const POLLS_PER_EXECUTION = 16;
/** After this long a resource that still exists is recorded as left behind; the reaper deletes it. */
const CLEAN_UP_MINUTES = 120;
/** Bound of `waitingFor`: Durable Functions limits the custom status to 16 KB. */
const WAITING_FOR_CHARACTERS = 1000;

/**
 * One run, from its claim to its record: READ THIS FIRST. Clean-up and record follow whatever
 * happens after the claim, a bug included, and a workload that no longer exists.
 */
export function runWorkflow(workloads: Workloads) {
  return function* run(ctx: OrchestrationContext): Step<RunRecord | undefined> {
    const input = ctx.df.getInput<RunInput>();
    const { request, resume } = input;
    const workload = workloads.get(request.workload) ?? null;
    const startedAt = resume?.watch.startedAt ?? now(ctx);
    const plan = resume?.plan ?? planRun(workload, input, startedAt);
    const run: RunContext = { ctx, plan, watch: resume?.watch ?? newWatch(startedAt) };

    const outcome = yield* execute(run, workload, resume !== undefined);
    if (outcome === 'continued' || outcome === 'superseded') return undefined;
    return yield* finish(run, outcome, followersOf(workloads, request.workload));
  };
}

/** The state of a run during its execution. Only `watch` changes. */
interface RunContext {
  readonly ctx: OrchestrationContext;
  readonly plan: RunPlan;
  watch: WatchState;
}

/** `superseded`: the run is final, or another orchestration has taken it over; nothing is touched. */
function* execute(
  run: RunContext,
  workload: Workload | null,
  resumed: boolean,
): Step<Outcome | 'continued' | 'superseded'> {
  // An error of the claim ends the orchestration, which has nothing; the reconciler starts another.
  const claimed = resumed ? 'claimed' : yield* claim(run);
  if (claimed !== 'claimed') return claimed;
  try {
    if (workload === null) return (yield* isOwn(run)) ? workloadChanged(run) : 'superseded';
    if (!resumed) {
      const started = yield* start(run, workload);
      if (started !== 'watch') return started;
    }
    return yield* watch(run, workload);
  } catch (error) {
    return (yield* isOwn(run)) ? outcomeOfError(error) : 'superseded';
  }
}

/** False when the run was taken over meanwhile. True, so that clean-up follows, when that is not known. */
function* isOwn({ ctx, plan }: RunContext): Step<boolean> {
  try {
    return (yield* perform(ctx, 'claim', { plan, now: now(ctx) })).kind === 'claimed';
  } catch {
    return true;
  }
}

/** Nothing is made or deleted before the ledger says that the run is this orchestration's. */
function* claim(run: RunContext): Step<Outcome | 'claimed' | 'superseded'> {
  const { ctx, plan } = run;
  enterPhase(run, 'admitting', 'the confirmation of the ledger');
  const { kind, ...claimed } = yield* perform(ctx, 'claim', { plan, now: now(ctx) });
  if (kind !== 'claimed') return 'superseded';
  if (!('cancelledBy' in claimed) || claimed.cancelledBy === null) return 'claimed';
  return { kind: 'cancelled', code: 'cancelled', cause: 'the run was cancelled before it started' };
}

function workloadChanged({ plan }: RunContext): Outcome {
  return {
    kind: 'failed',
    code: 'workloadChanged',
    cause: `workload ${plan.workload} was removed or renamed while the run was active`,
  };
}

/** Stages, provisions and submits. Returns an outcome when there is nothing to watch. */
function* start(run: RunContext, workload: Workload): Step<Outcome | 'watch'> {
  const { ctx, plan } = run;
  if (tasksKnownIn(workload.work) === 0) {
    return finishWithoutWork(run, 'the declaration defines no tasks');
  }

  enterPhase(run, 'staging', 'the upload of programs and inputs');
  const staged = yield* perform(ctx, 'stage', { plan });
  if (staged.inputs === 0) return finishWithoutWork(run, 'no input was found');

  enterPhase(run, 'provisioning', 'the creation of the pool');
  const startNodes = firstNodes(workload, staged.inputs);
  const { warnings } = yield* perform(ctx, 'provision', { plan, startNodes, now: now(ctx) });
  run.watch = { ...run.watch, warnings };

  enterPhase(run, 'submitting', 'the creation of the job');
  yield* perform(ctx, 'submitJob', { plan, now: now(ctx) });
  enterPhase(run, 'watching', 'the first poll of pool and job');
  return 'watch';
}

/** Returns success, with a warning in the record that says why no pool was created. */
function finishWithoutWork(run: RunContext, reason: string): Outcome {
  const warnings = [`${reason}, so there was nothing to do and no pool was created`];
  run.watch = { ...run.watch, warnings };
  return { kind: 'succeeded' };
}

/** Polls, decides and waits. `nextStep` makes every decision. */
function* watch(run: RunContext, workload: Workload): Step<Outcome | 'continued' | 'superseded'> {
  const { ctx, plan } = run;
  for (let polls = 0; polls < POLLS_PER_EXECUTION; polls++) {
    const seen = yield* perform(ctx, 'poll', { plan, now: now(ctx) });
    if (seen.claim.kind !== 'claimed') return 'superseded';
    run.watch = notePoll(run.watch, seen, ctx.df.currentUtcDateTime);

    const next = nextStep({ workload, plan, watch: run.watch, seen }, ctx.df.currentUtcDateTime);
    switch (next.kind) {
      case 'finish':
        return next.outcome;
      case 'submitTasks':
        yield* submitTasks(run, workload);
        break;
      case 'addMerge':
        yield* addMerge(run);
        break;
      case 'wait':
        showStatus(run, 'watching', next.waitingFor, seen);
        yield* sleepUntil(ctx, next.until, POLL_NOW);
    }
  }
  const { runId, owner, term, instant, request } = plan;
  const resume = { plan, watch: run.watch };
  const input: RunInput = { runId, owner, term, instant, request, resume };
  ctx.df.continueAsNew(input);
  return 'continued';
}

/** Adds the tasks of one step. The next poll leads to the following step. */
function* submitTasks(run: RunContext, workload: Workload): Step<void> {
  const { ctx, plan, watch } = run;
  showStatus(run, 'submitting', 'the submission of the tasks');
  const from = watch.submittedUpTo;
  const submitted = yield* perform(ctx, 'submitTasks', { plan, from, now: now(ctx) });
  if (submitted.kind === 'more') {
    run.watch = { ...watch, submittedUpTo: submitted.from };
    return;
  }
  const { tasks, merge } = submitted;
  run.watch = { ...watch, plannedTasks: tasks, merge, submitted: true };
  // For the other kinds of work the pool was created with enough nodes.
  if (workload.work.kind !== 'split' || tasks === 0) return;

  // Otherwise the pool would grow only at its next evaluation, up to five minutes from now. The
  // merge needs no slot of its own: it waits until the other tasks have freed theirs.
  const startNodes = nodesFor(workload, merge === 'waits' ? tasks - 1 : tasks);
  if (startNodes > 1) yield* perform(ctx, 'setTargetNodes', { plan, startNodes, now: now(ctx) });
}

/** Adds the merge and requests a node for it, because the pool may have scaled to zero. */
function* addMerge(run: RunContext): Step<void> {
  const { ctx, plan } = run;
  showStatus(run, 'submitting', 'the submission of the merge task');
  const merged = yield* perform(ctx, 'addMerge', { plan, now: now(ctx) });
  if (!merged.added) {
    showStatus(run, 'watching', 'the end of the last task');
    yield* sleepUntil(ctx, secondsFrom(ctx, 15), POLL_NOW);
    return;
  }
  const plannedTasks = (run.watch.plannedTasks ?? 0) + 1;
  const mergedWithout = merged.missingTasks;
  run.watch = { ...run.watch, plannedTasks, mergedWithout, merge: 'added' };
  yield* perform(ctx, 'setTargetNodes', { plan, startNodes: 1, now: now(ctx) });
}

/** Harvests before anything is deleted, cleans up in every case, and writes the record. */
function* finish(
  run: RunContext,
  outcome: Outcome,
  followerNames: readonly string[],
): Step<RunRecord> {
  const { ctx, plan } = run;
  enterPhase(run, 'harvesting', 'the check of the results and the upload of the logs');
  const harvested = yield* harvest(run, outcome);

  enterPhase(run, 'cleaningUp', 'the clean-up of job, pool and staging');
  const cleanedUp = yield* cleanUp(run, harvested.outcome.kind);

  enterPhase(run, 'ended', null);
  const followers = yield* startFollowers(run, harvested.outcome, followerNames);
  const record = yield* perform(ctx, 'record', {
    plan,
    outcome: harvested.outcome,
    harvest: harvested.harvest,
    watch: run.watch,
    cleanedUp,
    followers,
    endedAt: now(ctx),
  });
  // What waited for the end of this run starts now; the reconciler starts it otherwise.
  yield* admitWaiting(run);
  // A retried step has left its error in the status.
  showStatus(run, 'ended', null);
  return record;
}

/** Starts the follower runs without waiting for them: they cannot change how this run ends. */
function* startFollowers(
  run: RunContext,
  outcome: Outcome,
  followers: readonly string[],
): Step<readonly Follower[]> {
  const { ctx, plan } = run;
  if (outcome.kind !== 'succeeded' || followers.length === 0) return [];
  showStatus(run, 'ended', 'the start of the follower runs');
  const occurrence = { kind: 'after', runId: plan.runId } as const;
  try {
    return yield* perform(ctx, 'startFollowers', { occurrence, workloads: followers });
  } catch (error) {
    const cause = formatError(error);
    return followers.map((name) => ({ workload: name, runId: null, cause }));
  }
}

function* admitWaiting({ ctx }: RunContext): Step<void> {
  try {
    yield* perform(ctx, 'admitWaiting', {});
  } catch {
    // The run has its record; the next pass of the reconciler admits.
  }
}

function* harvest(
  run: RunContext,
  outcome: Outcome,
): Step<{ readonly outcome: Outcome; readonly harvest: Harvest }> {
  const { ctx, plan, watch } = run;
  if (outcome.kind === 'skipped') return { outcome, harvest: NOTHING_HARVESTED };
  try {
    const worked = watch.timeline.some(({ phase }) => phase === 'watching');
    const harvest = yield* perform(ctx, 'harvest', { plan, outcome, worked });
    return { outcome: checkResults(outcome, harvest, worked && watch.plannedTasks !== 0), harvest };
  } catch (error) {
    const failed = outcome.kind === 'succeeded' ? outcomeOfError(error) : outcome;
    return { outcome: failed, harvest: NOTHING_HARVESTED };
  }
}

/** Turns success into failure when results are missing, and adds the error output to a failure. */
function checkResults(outcome: Outcome, harvest: Harvest, expectsResults: boolean): Outcome {
  if (outcome.kind !== 'succeeded') {
    if (harvest.errorDetail === null) return outcome;
    return { ...outcome, cause: `${outcome.cause}: ${harvest.errorDetail}` };
  }
  if (!expectsResults || harvest.missing.length === 0) return outcome;
  return {
    kind: 'failed',
    code: 'outputMissing',
    cause: `all tasks succeeded, but these results are missing or empty: ${harvest.missing.join(', ')}`,
  };
}

/** Repeats until pool, job and staging answer 404, or until the time limit has passed. */
function* cleanUp(run: RunContext, outcome: Outcome['kind']): Step<readonly CleanedUp[]> {
  const { ctx, plan } = run;
  const stopAt = secondsFrom(ctx, CLEAN_UP_MINUTES * 60);
  for (let pauseSeconds = 5; ; pauseSeconds = Math.min(60, pauseSeconds * 1.5)) {
    const { done, pool } = yield* perform(ctx, 'cleanUp', { plan, outcome });
    run.watch = {
      ...run.watch,
      usage: addUsage(run.watch.usage, pool, ctx.df.currentUtcDateTime),
    };

    const deleting = done.filter(({ state }) => state === 'deleting');
    if (deleting.length === 0) return done;
    if (now(ctx) >= stopAt) {
      return done.map((item) =>
        item.state === 'deleting' ? { ...item, state: 'leftBehind' } : item,
      );
    }
    showStatus(run, 'cleaningUp', `the clean-up of ${formatResources(deleting)}`);
    yield* sleepUntil(ctx, secondsFrom(ctx, pauseSeconds), POLL_NOW);
  }
}

const RESOURCE_ORDER: readonly CleanedUp['resource'][] = ['job', 'pool', 'staging', 'outputs'];

/** Lists resources in a fixed order, so that the status changes only when the resources do. */
function formatResources(resources: readonly CleanedUp[]): string {
  return RESOURCE_ORDER.flatMap((name) => resources.filter(({ resource }) => resource === name))
    .map(formatResource)
    .join(' and ');
}

function formatResource({ resource, reason }: CleanedUp): string {
  return reason === undefined ? resource : `${resource} (${reason})`;
}

function outcomeOfError(error: unknown): Outcome {
  if (error instanceof Failure) return { kind: 'failed', code: error.code, cause: error.message };
  return { kind: 'failed', code: 'internal', cause: formatError(error) };
}

function newWatch(startedAt: string): WatchState {
  return {
    startedAt,
    timeline: [],
    usage: {
      nodeMinutes: 0,
      dedicatedMinutes: 0,
      preemptions: 0,
      nodesAtLastPoll: 0,
      dedicatedAtLastPoll: 0,
      preemptedAtLastPoll: 0,
      lastPollAt: startedAt,
    },
    tasks: NO_TASKS,
    lastUsableNodeAt: startedAt,
    plannedTasks: null,
    submittedUpTo: 0,
    submitted: false,
    warnings: [],
    merge: 'none',
    mergedWithout: null,
  };
}

/** Starts a phase and adds it to the timeline. */
function enterPhase(run: RunContext, phase: Phase, waitingFor: string | null): void {
  const milestone = { phase, at: now(run.ctx) };
  run.watch = { ...run.watch, timeline: [...run.watch.timeline, milestone] };
  showStatus(run, phase, waitingFor);
}

function showStatus(
  run: RunContext,
  phase: Phase,
  waitingFor: string | null,
  seen?: Observation,
): void {
  const { watch } = run;
  const status: RunStatus = {
    phase,
    waitingFor: waitingFor === null ? null : truncate(waitingFor, WAITING_FOR_CHARACTERS),
    tasks: watch.tasks,
    nodes: seen?.pool?.nodes ?? null,
    plannedTasks: watch.plannedTasks,
    timeline: watch.timeline,
    nodeMinutes: watch.usage.nodeMinutes,
  };
  run.ctx.df.setCustomStatus(status);
}

function now(ctx: OrchestrationContext): string {
  return ctx.df.currentUtcDateTime.toISOString();
}

function secondsFrom(ctx: OrchestrationContext, seconds: number): string {
  return new Date(ctx.df.currentUtcDateTime.getTime() + seconds * 1000).toISOString();
}
