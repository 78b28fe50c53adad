import { Failure, formatError, truncate } from '../failure';
import { HistoryFull, newExecution, type Execution } from './steps';
import {
  NO_TASKS,
  type Observation,
  type Outcome,
  type Position,
  type Resume,
  type RunPlan,
  type RunStatus,
  type WatchState,
} from './run';

/** The state of a run in one execution of its orchestration, and what the run shows of it. */

/** Event that makes a run poll at once: raised by a request to cancel and by a finished task. */
export const POLL_NOW = 'poll-now';

/** Bound of `waitingFor`: Durable Functions limits the custom status to 16 KB. */
const WAITING_FOR_CHARACTERS = 1000;

export interface RunContext extends Execution {
  plan: RunPlan;
  watch: WatchState;
  position: Position;
}

/** The context of a run that starts. */
export function newRun(ctx: Execution['ctx'], plan: RunPlan): RunContext {
  const watch = newWatch(plan.startedAt);
  const run: RunContext = { ...newExecution(ctx), plan, watch, position: { phase: 'admitting' } };
  enterPhase(run, run.position, 'the confirmation of the ledger');
  return run;
}

/** Starts a run again that has not begun: its deadline counts from its claim, not from an outage. */
export function restart(run: RunContext, plan: RunPlan): void {
  const milestone = { phase: run.position.phase, at: plan.startedAt };
  run.plan = plan;
  run.watch = { ...newWatch(plan.startedAt), timeline: [milestone] };
}

/** The context of a run that continues. Its status is the first thing that the run sets. */
export function resumedRun(ctx: Execution['ctx'], resume: Resume): RunContext {
  const { plan, watch, position, status, retry } = resume;
  ctx.df.setCustomStatus(status);
  return { ...newExecution(ctx, retry), plan, watch, position };
}

/** The state that the next execution of the orchestration starts from. */
export function resumeOf({ ctx, plan, watch, position, retry }: RunContext): Resume {
  const status = ctx.df.customStatus as RunStatus;
  return { plan, watch, position, status, retry };
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
    reboots: 0,
    formulaErrors: 0,
    formulaRepaired: false,
    plannedTasks: null,
    submittedUpTo: 0,
    submitted: false,
    warnings: [],
    merge: 'none',
    mergedWithout: null,
  };
}

/** Starts a phase and adds it to the timeline. */
export function enterPhase(run: RunContext, position: Position, waitingFor: string | null): void {
  const milestone = { phase: position.phase, at: now(run.ctx) };
  run.position = position;
  run.watch = { ...run.watch, timeline: [...run.watch.timeline, milestone] };
  showStatus(run, position.phase, waitingFor);
}

export function showStatus(
  run: RunContext,
  phase: Position['phase'],
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
    dedicatedNodes: watch.usage.dedicatedAtLastPoll,
    polledAt: watch.usage.lastPollAt,
  };
  run.ctx.df.setCustomStatus(status);
}

export function now(ctx: Execution['ctx']): string {
  return ctx.df.currentUtcDateTime.toISOString();
}

export function secondsFrom(ctx: Execution['ctx'], seconds: number): string {
  return new Date(ctx.df.currentUtcDateTime.getTime() + seconds * 1000).toISOString();
}

/** The outcome of a run whose step has failed. A full history is no failure, and passes through. */
export function outcomeOfError(error: unknown): Outcome {
  if (error instanceof HistoryFull) throw error;
  if (error instanceof Failure) return { kind: 'failed', code: error.code, cause: error.message };
  return { kind: 'failed', code: 'internal', cause: formatError(error) };
}
