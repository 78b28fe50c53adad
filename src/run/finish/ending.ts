import type { FailureCode } from '../../failure';
import { addUsage } from './usage';
import { boundHistory, perform, performEach, sleepUntil, type Step } from '../steps';
import {
  enterPhase,
  now,
  outcomeOfError,
  POLL_NOW,
  secondsFrom,
  showStatus,
  type RunContext,
} from '../run-context';
import {
  NOTHING_HARVESTED,
  type CleanedUp,
  type Follower,
  type Harvest,
  type Outcome,
  type Position,
  type RunRecord,
} from '../run';

/** The phases of a run after its outcome is known: harvest, clean-up and record. */

/** After this long a resource that still exists is recorded as left behind; the reaper deletes it. */
const CLEAN_UP_MINUTES = 120;
const FIRST_PAUSE_SECONDS = 5;
const MAX_PAUSE_SECONDS = 60;

type At<Phase extends Position['phase']> = Extract<Position, { phase: Phase }>;

/**
 * Harvests before anything is deleted, cleans up in every case, and writes the record. Continues
 * with the phase that an earlier execution has reached. Returns undefined, and touches nothing more,
 * once the run is not this orchestration's any more.
 */
export function* finish(
  run: RunContext,
  followerNames: readonly string[],
): Step<RunRecord | undefined> {
  if (run.position.phase === 'harvesting') yield* harvest(run, run.position);
  if (run.position.phase === 'cleaningUp') {
    if ((yield* cleanUp(run, run.position)) === 'superseded') return undefined;
  }
  return yield* record(run, run.position as At<'ended'>, followerNames);
}

function* harvest(run: RunContext, { outcome }: At<'harvesting'>): Step<void> {
  const harvested = yield* harvestOf(run, outcome);
  yield* measure(run);
  enterPhase(
    run,
    { phase: 'cleaningUp', ...harvested, since: now(run.ctx), passes: 0 },
    'the clean-up of job, pool and staging',
  );
}

function* harvestOf(
  run: RunContext,
  outcome: Outcome,
): Step<{ readonly outcome: Outcome; readonly harvest: Harvest }> {
  const { plan, watch } = run;
  if (outcome.kind === 'skipped') return { outcome, harvest: NOTHING_HARVESTED };
  try {
    const worked = hasReached(run, 'watching');
    const found = yield* perform(run, 'harvest', { plan, outcome, worked });
    const takenOver = watch.takenOver?.tasks ?? 0;
    const expectsResults = worked && (watch.plannedTasks !== 0 || takenOver > 0);
    if (expectsResults) addWarnings(run, found.warnings);
    return { outcome: checkResults(outcome, found, expectsResults), harvest: found };
  } catch (error) {
    const failed = outcomeOfError(error);
    return {
      outcome: outcome.kind === 'succeeded' ? failed : outcome,
      harvest: NOTHING_HARVESTED,
    };
  }
}

function addWarnings(run: RunContext, warnings: readonly string[] = []): void {
  if (warnings.length === 0) return;
  run.watch = { ...run.watch, warnings: [...run.watch.warnings, ...warnings] };
}

/** Reads nodes and tasks a last time, whatever ended the run: the last poll may be minutes old. */
function* measure(run: RunContext): Step<void> {
  const { ctx, plan } = run;
  if (!hasReached(run, 'provisioning')) return;
  try {
    const { pool, tasks } = yield* perform(run, 'measure', { plan });
    const usage = addUsage(run.watch.usage, pool, ctx.df.currentUtcDateTime);
    run.watch = { ...run.watch, usage, tasks: tasks ?? run.watch.tasks };
  } catch {
    // The result of the last poll stands: a measurement must not delay the clean-up.
  }
}

function hasReached({ watch }: RunContext, phase: Position['phase']): boolean {
  return watch.timeline.some((milestone) => milestone.phase === phase);
}

/** Outcomes whose reason is in the log that the harvest quotes; for others it is one more fact. */
const EXPLAINED_BY_LOG: ReadonlySet<FailureCode> = new Set([
  'startTaskFailed',
  'preparationFailed',
  'jobManagerFailed',
  'taskFailed',
]);

/** Turns success into failure when results are missing, and adds the error output to a failure. */
function checkResults(outcome: Outcome, harvest: Harvest, expectsResults: boolean): Outcome {
  if (outcome.kind !== 'succeeded') {
    if (harvest.errorDetail === null) return outcome;
    const separator = EXPLAINED_BY_LOG.has(outcome.code) ? ': ' : '; ';
    return { ...outcome, cause: `${outcome.cause}${separator}${harvest.errorDetail}` };
  }
  if (!expectsResults || harvest.missing.length === 0) return outcome;
  return {
    kind: 'failed',
    code: 'outputMissing',
    cause: `all tasks succeeded, but these results are missing or empty: ${harvest.missing.join(', ')}`,
  };
}

/** Repeats until pool, job and staging answer 404, or until the time limit has passed. */
function* cleanUp(run: RunContext, position: At<'cleaningUp'>): Step<'cleanedUp' | 'superseded'> {
  const { ctx, plan } = run;
  const { outcome, harvest: harvested, since, passes } = position;
  const stopAt = Date.parse(since) + CLEAN_UP_MINUTES * 60_000;
  for (let pass = passes; ; pass++) {
    const { isOwn, done, pool } = yield* perform(run, 'cleanUp', { plan, outcome: outcome.kind });
    if (!isOwn) return 'superseded';
    const usage = addUsage(run.watch.usage, pool, ctx.df.currentUtcDateTime);
    run.watch = { ...run.watch, usage };

    const deleting = done.filter(({ state }) => state === 'deleting');
    const isOver = deleting.length === 0 || ctx.df.currentUtcDateTime.getTime() >= stopAt;
    if (isOver) {
      const cleanedUp = done.map(leaveBehind);
      enterPhase(run, { phase: 'ended', outcome, harvest: harvested, cleanedUp }, null);
      return 'cleanedUp';
    }
    showStatus(run, 'cleaningUp', `the clean-up of ${formatResources(deleting)}`);
    const pause = Math.min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 1.5 ** pass);
    yield* sleepUntil(run, secondsFrom(ctx, pause), POLL_NOW);
    run.position = { ...position, passes: pass + 1 };
    boundHistory(run);
  }
}

/** The state of a resource for which nothing is waited any more. */
export function leaveBehind(item: CleanedUp): CleanedUp {
  return item.state === 'deleting' ? { ...item, state: 'leftBehind' } : item;
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

function* record(
  run: RunContext,
  { outcome, harvest: harvested, cleanedUp }: At<'ended'>,
  followerNames: readonly string[],
): Step<RunRecord | undefined> {
  const { ctx, plan } = run;
  const followers = yield* startFollowers(run, outcome, followerNames);
  if (followers === 'superseded') return undefined;
  const written = yield* perform(run, 'record', {
    plan,
    outcome,
    harvest: harvested,
    watch: run.watch,
    cleanedUp,
    followers,
    endedAt: now(ctx),
  });
  if (written === null) return undefined;
  // What waited for the end of this run starts now; the reconciler starts it otherwise.
  yield* admitWaiting(run);
  // A retried step has left its error in the status.
  showStatus(run, 'ended', null);
  return written;
}

/**
 * Starts the follower runs, but for a run that the reconciler has ended meanwhile as lost. Does not
 * wait for them: they cannot change how this run ends. */
function* startFollowers(
  run: RunContext,
  outcome: Outcome,
  followers: readonly string[],
): Step<readonly Follower[] | 'superseded'> {
  if (outcome.kind !== 'succeeded' || followers.length === 0) return [];
  showStatus(run, 'ended', 'the start of the follower runs');
  const { ctx, plan } = run;
  const claimed = yield* performEach(run, 'claim', 'persistent', () => ({ plan, now: now(ctx) }));
  if (claimed.kind !== 'claimed') return 'superseded';
  const { runId, request } = plan;
  const { timeZone } = { timeZone: undefined, ...request.occurrence };
  const occurrence = { kind: 'after', runId, ...(timeZone !== undefined && { timeZone }) } as const;
  try {
    return yield* perform(run, 'startFollowers', { occurrence, workloads: followers });
  } catch (error) {
    const failed = outcomeOfError(error);
    const cause = 'cause' in failed ? failed.cause : '';
    return followers.map((name) => ({ workload: name, runId: null, cause }));
  }
}

function* admitWaiting(run: RunContext): Step<void> {
  try {
    yield* perform(run, 'admitWaiting', {});
  } catch (error) {
    // The run has its record; the next pass of the reconciler admits.
    outcomeOfError(error);
  }
}
