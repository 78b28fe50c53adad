import type { OrchestrationContext } from 'durable-functions';
import { Failure, formatError } from '../failure';
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
import { runIdOf } from './names';
import { firstNodes, nodesFor } from './provision/autoscale-formula';

/** Raised to make a run look sooner than it would: on a request to cancel, on a finished task. */
export const POLL_NOW = 'poll-now';
export const RUN_ORCHESTRATION = 'run';

/** A replay repeats every step of its execution, so a long watch starts over with a clean history. */
const POLLS_PER_EXECUTION = 16;
/** What is still there after this long is recorded as left, and tidied up by the daily tidy. */
const CLEAN_UP_MINUTES = 120;

/**
 * One run, from its occurrence to its record: READ THIS FIRST. Whatever happens between admission
 * and clean-up, and be it a bug of ours, clean-up and record follow.
 */
export function runWorkflow(workloads: Workloads) {
  return function* run(ctx: OrchestrationContext): Step<RunRecord | undefined> {
    const journey = ctx.df.getInput<RunInput>();
    const workload = workloads.get(journey.request.workload);
    if (workload === undefined)
      throw new Error(`no workload is called ${journey.request.workload}`);

    const startedAt = journey.resume?.startedAt ?? now(ctx);
    const plan = planRun(workload, journey.request, startedAt);
    const watch = journey.resume ?? newWatch(startedAt);
    const followers = followersOf(workloads, workload.name);
    const run: RunContext = { ctx, workload, plan, followers, watch };

    const outcome = yield* work(run, journey.resume !== undefined);
    if (outcome === 'continued') return undefined;
    if (outcome === 'recordedBefore')
      return yield* perform(ctx, 'readRecord', { runId: plan.runId });
    return yield* finish(run, outcome);
  };
}

/** A run as far as it has come. The watch grows; everything else stands. */
interface RunContext {
  readonly ctx: OrchestrationContext;
  readonly workload: Workload;
  readonly plan: RunPlan;
  /** The names of workloads that a success of this run starts. */
  readonly followers: readonly string[];
  watch: WatchState;
}

function* work(run: RunContext, resumed: boolean): Step<Outcome | 'continued' | 'recordedBefore'> {
  try {
    if (!resumed) {
      const start = yield* begin(run);
      if (start !== 'watch') return start;
    }
    return yield* watch(run);
  } catch (error) {
    return outcomeOf(error);
  }
}

/** Admits, stages, provisions and submits. Answers an outcome when there is nothing to watch. */
function* begin(run: RunContext): Step<Outcome | 'watch' | 'recordedBefore'> {
  const { ctx, workload, plan } = run;
  const admission = yield* admit(run);
  if (admission !== 'admitted') return admission;
  if (tasksKnownIn(workload.work) === 0) return nothingToDo(run, 'the declaration makes no task');

  enterPhase(run, 'staging', 'programs and inputs to be staged');
  const staged = yield* perform(ctx, 'stage', { plan });
  if (staged.inputs === 0) return nothingToDo(run, 'no input was found');

  enterPhase(run, 'provisioning', 'Batch to accept the pool');
  const startNodes = firstNodes(workload, staged.inputs);
  const { warnings } = yield* perform(ctx, 'provision', { plan, startNodes, now: now(ctx) });
  run.watch = { ...run.watch, warnings };

  enterPhase(run, 'submitting', 'Batch to accept the job');
  yield* perform(ctx, 'submitJob', { plan, now: now(ctx) });
  enterPhase(run, 'watching', 'the first look at the pool');
  return 'watch';
}

/** A success, and the record says why it is an empty one. */
function nothingToDo(run: RunContext, why: string): Outcome {
  const warnings = [`${why}, so there was nothing to do and no pool was made`];
  run.watch = { ...run.watch, warnings };
  return { kind: 'succeeded' };
}

function* admit(run: RunContext): Step<Outcome | 'admitted' | 'recordedBefore'> {
  const { ctx, workload, plan } = run;
  enterPhase(run, 'admitting', 'its turn');
  for (;;) {
    const admission = yield* perform(ctx, 'admit', { plan, now: now(ctx) });
    switch (admission.kind) {
      case 'admitted':
      case 'recordedBefore':
        return admission.kind;
      case 'cancelled':
        return {
          kind: 'cancelled',
          code: 'cancelled',
          cause: 'the run was cancelled before it began',
        };
      case 'busy': {
        const cause = `run ${admission.holder} of ${workload.name} was still going`;
        if (workload.overlap === 'forbid') return { kind: 'skipped', code: 'overlapped', cause };
        if (now(ctx) >= plan.deadline) return { kind: 'skipped', code: 'overlapped', cause };
        showStatus(run, 'admitting', `run ${admission.holder} to end, which this one replaces`);
        yield* sleepUntil(ctx, secondsFrom(ctx, 15), POLL_NOW);
      }
    }
  }
}

/** Looks, decides, waits. Every decision is `nextStep`'s. */
function* watch(run: RunContext): Step<Outcome | 'continued'> {
  const { ctx, workload, plan } = run;
  for (let looks = 0; looks < POLLS_PER_EXECUTION; looks++) {
    const seen = yield* perform(ctx, 'poll', { plan });
    run.watch = notePoll(run.watch, seen, ctx.df.currentUtcDateTime);

    const next = nextStep({ workload, plan, watch: run.watch, seen }, ctx.df.currentUtcDateTime);
    switch (next.kind) {
      case 'finish':
        return next.outcome;
      case 'submitTasks':
        yield* submitTasks(run);
        break;
      case 'addMerge':
        yield* addMerge(run);
        break;
      case 'wait':
        showStatus(run, 'watching', next.waitingFor, seen);
        yield* sleepUntil(ctx, next.until, POLL_NOW);
    }
  }
  const onward: RunInput = { request: plan.request, resume: run.watch };
  ctx.df.continueAsNew(onward);
  return 'continued';
}

/** Adds as many tasks as one step may; the look after it asks for the next ones. */
function* submitTasks(run: RunContext): Step<void> {
  const { ctx, workload, plan, watch } = run;
  showStatus(run, 'submitting', 'Batch to accept the tasks');
  const from = watch.submittedUpTo;
  const submitted = yield* perform(ctx, 'submitTasks', { plan, from, now: now(ctx) });
  if (submitted.kind === 'more') {
    run.watch = { ...watch, submittedUpTo: submitted.from };
    return;
  }
  const { tasks, merge } = submitted;
  run.watch = { ...watch, plannedTasks: tasks, merge, submitted: true };
  // Other shapes have told the pool of their tasks when it was made.
  if (workload.work.kind !== 'split' || tasks === 0) return;

  // The pool would find out by itself at its next evaluation, up to five minutes from now. The
  // merge needs no room: it waits until the other tasks have left theirs.
  const startNodes = nodesFor(workload, merge === 'waits' ? tasks - 1 : tasks);
  if (startNodes > 1) yield* perform(ctx, 'setTargetNodes', { plan, startNodes, now: now(ctx) });
}

/** By now the pool may have shrunk to nothing, so it is told that there is work again. */
function* addMerge(run: RunContext): Step<void> {
  const { ctx, plan } = run;
  showStatus(run, 'submitting', 'Batch to accept the merge');
  const merged = yield* perform(ctx, 'addMerge', { plan, now: now(ctx) });
  if (!merged.added) {
    showStatus(run, 'watching', 'the last task to end');
    yield* sleepUntil(ctx, secondsFrom(ctx, 15), POLL_NOW);
    return;
  }
  const plannedTasks = (run.watch.plannedTasks ?? 0) + 1;
  const mergedWithout = merged.without;
  run.watch = { ...run.watch, plannedTasks, mergedWithout, merge: 'added' };
  yield* perform(ctx, 'setTargetNodes', { plan, startNodes: 1, now: now(ctx) });
}

/** Harvests before anything is deleted, cleans up whatever was found, and writes down the end. */
function* finish(run: RunContext, outcome: Outcome): Step<RunRecord> {
  const { ctx, plan } = run;
  enterPhase(run, 'harvesting', 'outputs to be checked and logs to be kept');
  const harvested = yield* harvest(run, outcome);

  enterPhase(run, 'cleaningUp', 'pool and job to be gone');
  const cleanedUp = yield* cleanUp(run, harvested.outcome.kind);

  enterPhase(run, 'ended', 'nothing');
  const followers = yield* startFollowers(run, harvested.outcome);
  const record = yield* perform(ctx, 'record', {
    plan,
    outcome: harvested.outcome,
    harvest: harvested.harvest,
    watch: run.watch,
    cleanedUp,
    followers,
    endedAt: now(ctx),
  });
  return record;
}

/** Starts them and goes on: a run has its own end, whatever becomes of those that follow it. */
function* startFollowers(run: RunContext, outcome: Outcome): Step<readonly Follower[]> {
  const { ctx, plan, followers } = run;
  if (outcome.kind !== 'succeeded' || followers.length === 0) return [];
  showStatus(run, 'ended', 'the runs that follow to be started');
  const occurrence = { kind: 'after', runId: plan.runId } as const;
  try {
    return yield* perform(ctx, 'startFollowers', { occurrence, workloads: followers });
  } catch (error) {
    const cause = formatError(error);
    return followers.map((name) => ({ workload: name, runId: runIdOf(name, occurrence), cause }));
  }
}

function* harvest(
  run: RunContext,
  outcome: Outcome,
): Step<{ readonly outcome: Outcome; readonly harvest: Harvest }> {
  const { ctx, plan, watch } = run;
  if (outcome.kind === 'skipped') return { outcome, harvest: NOTHING_HARVESTED };
  try {
    const worked = run.watch.timeline.some(({ phase }) => phase === 'watching');
    const harvest = yield* perform(ctx, 'harvest', { plan, outcome, worked });
    return { outcome: judge(outcome, harvest, worked && watch.plannedTasks !== 0), harvest };
  } catch (error) {
    const failed = outcome.kind === 'succeeded' ? outcomeOf(error) : outcome;
    return { outcome: failed, harvest: NOTHING_HARVESTED };
  }
}

/** Success means that the results are there; failure carries the last words of what failed. */
function judge(outcome: Outcome, harvest: Harvest, expectsResults: boolean): Outcome {
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

/** Until pool, job and staging answer 404, or the bound has passed and the record says what is left. */
function* cleanUp(run: RunContext, outcome: Outcome['kind']): Step<readonly CleanedUp[]> {
  const { ctx, plan } = run;
  const giveUpAt = secondsFrom(ctx, CLEAN_UP_MINUTES * 60);
  for (let pauseSeconds = 5; ; pauseSeconds = Math.min(60, pauseSeconds * 1.5)) {
    const { done, pool } = yield* perform(ctx, 'cleanUp', { plan, outcome });
    run.watch = {
      ...run.watch,
      usage: addUsage(run.watch.usage, pool, ctx.df.currentUtcDateTime),
    };

    const going = done.filter(({ state }) => state === 'deleting');
    if (going.length === 0) return done;
    if (now(ctx) >= giveUpAt) {
      return done.map((item) =>
        item.state === 'deleting' ? { ...item, state: 'leftBehind' } : item,
      );
    }
    showStatus(run, 'cleaningUp', `${going.map(named).join(' and ')} to be gone`);
    yield* sleepUntil(ctx, secondsFrom(ctx, pauseSeconds), POLL_NOW);
  }
}

function named({ resource, reason }: CleanedUp): string {
  return reason === undefined ? resource : `${resource} (${reason})`;
}

function outcomeOf(error: unknown): Outcome {
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
    lastServedAt: startedAt,
    plannedTasks: null,
    submittedUpTo: 0,
    submitted: false,
    warnings: [],
    merge: 'none',
    mergedWithout: null,
  };
}

/** Begins a phase: a milestone of the timeline. */
function enterPhase(run: RunContext, phase: Phase, waitingFor: string): void {
  const milestone = { phase, at: now(run.ctx) };
  run.watch = { ...run.watch, timeline: [...run.watch.timeline, milestone] };
  showStatus(run, phase, waitingFor);
}

function showStatus(run: RunContext, phase: Phase, waitingFor: string, seen?: Observation): void {
  const { watch } = run;
  const status: RunStatus = {
    phase,
    waitingFor,
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
