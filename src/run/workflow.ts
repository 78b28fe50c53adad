import type { OrchestrationContext } from 'durable-functions';
import { Failure } from '../failure';
import { finish } from './finish/ending';
import { followersOf } from './finish/followers';
import { MINUTE_MS, planRun } from './plan';
import { nextStep, notePoll } from './progress';
import {
  enterPhase,
  newRun,
  now,
  outcomeOfError,
  POLL_NOW,
  restart,
  resumedRun,
  resumeOf,
  secondsFrom,
  showStatus,
  type RunContext,
} from './run-context';
import { boundHistory, HistoryFull, perform, performEach, sleepUntil, type Step } from './steps';
import type { Claim, Outcome, RunInput, RunPlan, RunRecord } from './run';
import { tasksKnownIn } from '../workload/work-schema';
import type { Workload, Workloads } from '../workload/workload';
import { firstNodes, nodesFor } from './provision/autoscale-formula';

export { POLL_NOW } from './run-context';
export const RUN_ORCHESTRATION = 'batch-run';

/**
 * One run, from its claim to its record: READ THIS FIRST. Clean-up and record follow whatever
 * happens after the claim, a bug included, and a workload that no longer exists. An execution whose
 * history is long saves the state of the run and continues as new, in every phase.
 */
export function runWorkflow(workloads: Workloads) {
  return function* run(ctx: OrchestrationContext): Step<RunRecord | undefined> {
    const input = ctx.df.getInput<RunInput>();
    const { request, resume } = input;
    const workload = workloads.get(request.workload) ?? null;
    const run =
      resume === undefined
        ? newRun(ctx, planRun(workload, input, now(ctx)))
        : resumedRun(ctx, resume);
    try {
      if (isWorking(run)) {
        const outcome = yield* execute(run, workload, input);
        if (outcome === 'superseded') return undefined;
        const waitingFor = 'the check of the results and the upload of the logs';
        enterPhase(run, { phase: 'harvesting', outcome }, waitingFor);
      }
      return yield* finish(run, followersOf(workloads, request.workload));
    } catch (error) {
      if (!(error instanceof HistoryFull)) throw error;
      const next: RunInput = { ...input, resume: resumeOf(run) };
      ctx.df.continueAsNew(next);
      return undefined;
    }
  };
}

function isWorking({ position }: RunContext): boolean {
  return !('outcome' in position);
}

/**
 * The phases until the outcome is known. An execution starts with the phase that the one before it
 * has reached. `superseded`: the run is final, or another orchestration has taken it over; nothing
 * is touched.
 */
function* execute(
  run: RunContext,
  workload: Workload | null,
  input: RunInput,
): Step<Outcome | 'superseded'> {
  const replan = () => planRun(workload, input, now(run.ctx));
  // An error of the claim ends the orchestration, which has nothing; the reconciler starts another.
  const claimed = run.position.phase === 'admitting' ? yield* claimFirst(run, replan) : 'claimed';
  if (claimed !== 'claimed') return claimed;
  try {
    if (workload === null) return (yield* isOwn(run)) ? workloadChanged(run) : 'superseded';
    return (yield* start(run, workload)) ?? (yield* watch(run, workload));
  } catch (error) {
    if (error instanceof HistoryFull) throw error;
    return (yield* isOwn(run)) ? outcomeOfError(error) : 'superseded';
  }
}

/** Stages, provisions and submits. Returns an outcome when there is nothing to watch. */
function* start(run: RunContext, workload: Workload): Step<Outcome | 'superseded' | undefined> {
  if (run.position.phase === 'admitting' || run.position.phase === 'staging') {
    const staged = yield* stage(run, workload);
    if (staged !== 'staged') return staged;
  }
  if (run.position.phase === 'provisioning') {
    const { startNodes } = run.position;
    const refused = yield* whenQuotaAllows(run, workload, () => provision(run, startNodes));
    if (refused !== undefined) return refused;
  }
  if (run.position.phase !== 'submitting') return undefined;
  return yield* whenQuotaAllows(run, workload, () => submitJob(run));
}

/** False when the run was taken over meanwhile. True, so that clean-up follows, when that is not known. */
function* isOwn(run: RunContext): Step<boolean> {
  const { ctx, plan } = run;
  try {
    return (yield* perform(run, 'claim', { plan, now: now(ctx) })).kind === 'claimed';
  } catch (error) {
    if (error instanceof HistoryFull) throw error;
    return true;
  }
}

/**
 * Nothing is made or deleted before the ledger says that the run is this orchestration's. The run
 * has nothing yet, so it waits for a ledger that is away, and starts with its claim.
 */
function* claimFirst(
  run: RunContext,
  replan: () => RunPlan,
): Step<Outcome | 'claimed' | 'superseded'> {
  const { ctx } = run;
  const claimed = yield* performEach(run, 'claim', 'persistent', () => {
    if (run.plan.startedAt !== now(ctx)) restart(run, replan());
    return { plan: run.plan, now: now(ctx) };
  });
  return whenClaimed(claimed);
}

/** Confirms the claim of a run that has a pool: it waits for a ledger that is away, but not long. */
function* claim(run: RunContext): Step<Outcome | 'claimed' | 'superseded'> {
  const { ctx, plan } = run;
  return whenClaimed(yield* perform(run, 'claim', { plan, now: now(ctx) }));
}

function whenClaimed(claimed: Claim): Outcome | 'claimed' | 'superseded' {
  if (claimed.kind !== 'claimed') return 'superseded';
  if (claimed.cancelledBy === null) return 'claimed';
  return { kind: 'cancelled', code: 'cancelled', cause: 'the run was cancelled before it started' };
}

function workloadChanged({ plan }: RunContext): Outcome {
  return {
    kind: 'failed',
    code: 'workloadChanged',
    cause: `workload ${plan.workload} was removed or renamed while the run was active`,
  };
}

/** Copies programs and inputs. Returns an outcome when there is nothing to do. */
function* stage(run: RunContext, workload: Workload): Step<Outcome | 'superseded' | 'staged'> {
  const { plan } = run;
  if (tasksKnownIn(workload.work) === 0) {
    return finishWithoutWork(run, 'the declaration defines no tasks');
  }
  if (run.position.phase !== 'staging') {
    enterPhase(run, { phase: 'staging' }, 'the upload of programs and inputs');
  }
  const staged = yield* perform(run, 'stage', { plan });
  if (staged.inputs === 0) return finishWithoutWork(run, 'no input was found');
  const from = plan.request.retry?.from ?? null;
  const startable = from === null ? null : yield* takeOver(run, workload, from);
  if (startable !== null && typeof startable !== 'number') return startable;
  const startNodes =
    startable === null ? firstNodes(workload, staged.inputs) : nodesFor(workload, startable);
  enterPhase(run, { phase: 'provisioning', startNodes }, 'the creation of the pool');
  return 'staged';
}

/**
 * Copies the outputs of the attempt before, a page in each step. Returns the number of tasks that can
 * start at once, or null when nothing was taken over.
 */
function* takeOver(
  run: RunContext,
  { work }: Workload,
  from: string,
): Step<Outcome | 'superseded' | number | null> {
  const { plan } = run;
  showStatus(run, 'staging', `the copy of the outputs of run ${from}`);
  for (;;) {
    const upTo = run.position.phase === 'staging' ? (run.position.takenOverUpTo ?? null) : null;
    const tookOver = yield* perform(run, 'takeOver', { plan, from, upTo });
    if (tookOver.kind === 'all') {
      run.watch = { ...run.watch, takenOver: tookOver.work };
      const isMergeLeft = work.kind !== 'whole' && work.merge !== undefined;
      return tookOver.startable === 0 && isMergeLeft ? 1 : tookOver.startable;
    }
    run.position = { phase: 'staging', takenOverUpTo: tookOver.upTo };
    boundHistory(run);
    const claimed = yield* claim(run);
    if (claimed !== 'claimed') return claimed;
  }
}

/** Returns success, with a warning in the record that says why no pool was created. */
function finishWithoutWork(run: RunContext, reason: string): Outcome {
  const warnings = [`${reason}, so there was nothing to do and no pool was created`];
  run.watch = { ...run.watch, warnings };
  return { kind: 'succeeded' };
}

function* provision(run: RunContext, startNodes: number): Step<void> {
  const { ctx, plan } = run;
  const { warnings } = yield* perform(run, 'provision', { plan, startNodes, now: now(ctx) });
  run.watch = { ...run.watch, warnings };
  enterPhase(run, { phase: 'submitting' }, 'the creation of the job');
}

function* submitJob(run: RunContext): Step<void> {
  const { ctx, plan } = run;
  yield* perform(run, 'submitJob', { plan, now: now(ctx) });
  // Without a job there is nothing for nodes to do: the wait for the first of them starts here.
  run.watch = { ...run.watch, lastUsableNodeAt: now(ctx) };
  enterPhase(run, { phase: 'watching' }, 'the first poll of pool and job');
}

/**
 * Repeats a step while the account's quota is reached, because other runs free it. The wait ends
 * with the start window of the run, with a request to cancel, and when the run is superseded.
 */
function* whenQuotaAllows(
  run: RunContext,
  workload: Workload,
  step: () => Step<void>,
): Step<Outcome | 'superseded' | undefined> {
  const { ctx, plan } = run;
  const window = workload.startWithinMinutes ?? workload.deadlineMinutes;
  const stopAt = Date.parse(plan.startedAt) + window * MINUTE_MS;
  for (;;) {
    try {
      yield* step();
      return undefined;
    } catch (error) {
      const pause = quotaPause(error);
      if (pause === null || ctx.df.currentUtcDateTime.getTime() + pause * 1000 > stopAt) {
        throw error;
      }
      const message = error instanceof Failure ? error.message : '';
      showStatus(run, run.position.phase, `a quota of the Batch account: ${message}`);
      yield* sleepUntil(run, secondsFrom(ctx, pause), POLL_NOW);
    }
    const claimed = yield* claim(run);
    if (claimed !== 'claimed') return claimed;
    boundHistory(run);
  }
}

/** Seconds until another attempt at a quota; null for an error that no wait resolves. */
function quotaPause(error: unknown): number | null {
  if (!(error instanceof Failure) || error.code !== 'quotaReached') return null;
  return error.retryAfterSeconds;
}

/** Polls, decides and waits. `nextStep` makes every decision. */
function* watch(run: RunContext, workload: Workload): Step<Outcome | 'superseded'> {
  const { ctx, plan } = run;
  for (;;) {
    const seen = yield* perform(run, 'poll', { plan, now: now(ctx) });
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
      case 'rebootNodes':
        yield* rebootNodes(run, next.nodes);
        break;
      case 'repairFormula':
        yield* repairFormula(run, workload);
        break;
      case 'wait':
        showStatus(run, 'watching', next.waitingFor, seen);
        yield* sleepUntil(run, next.until, POLL_NOW);
    }
    boundHistory(run);
  }
}

/** Adds the tasks of one step. The next poll leads to the following step. */
function* submitTasks(run: RunContext, workload: Workload): Step<void> {
  const { ctx, plan, watch } = run;
  showStatus(run, 'submitting', 'the submission of the tasks');
  const from = watch.submittedUpTo;
  const submitted = yield* perform(run, 'submitTasks', { plan, from, now: now(ctx) });
  if (submitted.kind === 'more') {
    run.watch = { ...watch, submittedUpTo: submitted.from };
    return;
  }
  const { tasks, merge } = submitted;
  // For the other kinds of work the pool was created with enough nodes. Here it would grow only at
  // its next evaluation, up to five minutes from now. The merge needs no slot of its own: it waits
  // until the other tasks have freed theirs.
  const isSplit = workload.work.kind === 'split' && tasks > 0;
  const startNodes = isSplit ? nodesFor(workload, merge === 'waits' ? tasks - 1 : tasks) : 1;
  if (startNodes > 1) yield* perform(run, 'setTargetNodes', { plan, startNodes, now: now(ctx) });
  run.watch = { ...watch, plannedTasks: tasks, merge, submitted: true };
}

/** Adds the merge and requests a node for it, because the pool may have scaled to zero. */
function* addMerge(run: RunContext): Step<void> {
  const { ctx, plan } = run;
  showStatus(run, 'submitting', 'the submission of the merge task');
  const merged = yield* perform(run, 'addMerge', { plan, now: now(ctx) });
  if (!merged.added) {
    showStatus(run, 'watching', 'the end of the last task');
    yield* sleepUntil(run, secondsFrom(ctx, 15), POLL_NOW);
    return;
  }
  yield* perform(run, 'setTargetNodes', { plan, startNodes: 1, now: now(ctx) });
  const plannedTasks = (run.watch.plannedTasks ?? 0) + 1;
  const mergedWithout = merged.missingTasks;
  run.watch = { ...run.watch, plannedTasks, mergedWithout, merge: 'added' };
}

/** Counts the nodes, not the accepted reboots: a node that cannot be rebooted must not be tried forever. */
function* rebootNodes(run: RunContext, nodes: readonly string[]): Step<void> {
  const { plan } = run;
  showStatus(run, 'watching', `the reboot of failed nodes (${nodes.length})`);
  yield* perform(run, 'rebootNodes', { plan, nodes });
  run.watch = { ...run.watch, reboots: run.watch.reboots + nodes.length };
}

/** Sets the same formula again. A pool that is being resized accepts none, and a later poll repeats. */
function* repairFormula(run: RunContext, workload: Workload): Step<void> {
  const { ctx, plan } = run;
  const { active, running } = run.watch.tasks;
  const startNodes = Math.max(1, nodesFor(workload, active + running));
  showStatus(run, 'watching', 'the repair of the autoscale formula');
  const { result } = yield* perform(run, 'setTargetNodes', { plan, startNodes, now: now(ctx) });
  run.watch = { ...run.watch, formulaErrors: 0, formulaRepaired: result === 'set' };
}
