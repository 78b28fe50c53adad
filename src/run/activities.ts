import { Failure, messageOf } from '../failure';
import { harvest } from './harvest';
import { submitJob } from './job';
import { preparesNodes } from './preparation';
import { letGoOfPool, provision } from './provision';
import { labelsOf, ownerOf, workloadOf, type Tools } from './tools';
import { stage } from './staging';
import { addMerge } from './late-merge';
import { blockedIn } from './missing';
import { submitTasks } from './submission';
import { autoscaleFormula, cancelBlob, lockBlob, recordBlob, RUNS_CONTAINER } from './plan';
import type { Files, Removal } from './ports';
import type {
  CleanedUp,
  Follower,
  Harvest,
  Observation,
  Outcome,
  PoolView,
  RunPlan,
  RunRecord,
  WatchState,
} from './run';
import { NO_TASKS } from './run';
import { shareTolerated } from './work-schema';

export type Activities = ReturnType<typeof createActivities>;

/**
 * The steps a run can take. Each can run twice, or half and then again: what exists already and is
 * this run's is adopted. Inputs and results are plain JSON and hold no secret and no credential,
 * because the durable history keeps them.
 */
export function createActivities(tools: Tools) {
  return {
    admit: (input: { plan: RunPlan; now: string }) => admit(tools, input),
    readRecord: (input: { runId: string }) => readRecord(tools.files, input.runId),
    stage: ({ plan }: { plan: RunPlan }) => stage(tools, plan),
    provision: (input: { plan: RunPlan; startNodes: number; now: string }) =>
      provision(tools, input),
    submitJob: (input: { plan: RunPlan; now: string }) => submitJob(tools, input),
    submitTasks: (input: { plan: RunPlan; from: number; now: string }) => submitTasks(tools, input),
    addMerge: (input: { plan: RunPlan; now: string }) => addMerge(tools, input),
    grow: (input: { plan: RunPlan; startNodes: number; now: string }) => grow(tools, input),
    look: ({ plan }: { plan: RunPlan }) => look(tools, plan),
    harvest: (input: { plan: RunPlan; outcome: Outcome; worked: boolean }) => harvest(tools, input),
    cleanUp: ({ plan }: { plan: RunPlan }) => cleanUp(tools, plan),
    record: (input: RecordInput) => record(tools, input),
  };
}

export type Admission =
  | { readonly kind: 'admitted' | 'recordedBefore' | 'cancelled' }
  | { readonly kind: 'busy'; readonly holder: string };

interface Lock {
  readonly runId: string;
  readonly until: string;
}

/** A lock outlives its run's deadline by this much; then its holder is taken for dead. */
const LOCK_GRACE_MS = 6 * 3_600_000;

/** One run of a workload at a time, unless it allows more. */
async function admit(
  { files, workloads }: Tools,
  { plan, now }: { plan: RunPlan; now: string },
): Promise<Admission> {
  await files.makeContainer(RUNS_CONTAINER, {});
  if ((await files.find(RUNS_CONTAINER, recordBlob(plan.runId))) !== null) {
    return { kind: 'recordedBefore' };
  }
  if (await cancelRequested(files, plan.runId)) return { kind: 'cancelled' };
  if (workloadOf(workloads, plan).overlap === 'allow') return { kind: 'admitted' };

  const name = lockBlob(plan.workload);
  const lock: Lock = {
    runId: plan.runId,
    until: new Date(Date.parse(plan.deadline) + LOCK_GRACE_MS).toISOString(),
  };
  for (;;) {
    if (await files.claim(RUNS_CONTAINER, name, JSON.stringify(lock))) return { kind: 'admitted' };
    const found = await files.find(RUNS_CONTAINER, name);
    const text = await files.readText(RUNS_CONTAINER, name, 1024);
    if (found === null || text === null) continue;
    const held = JSON.parse(text) as Lock;
    if (held.runId === plan.runId) return { kind: 'admitted' };
    if (held.until >= now) return { kind: 'busy', holder: held.runId };
    await files.remove(RUNS_CONTAINER, name, found.etag);
  }
}

async function releaseLock({ files }: Tools, plan: RunPlan): Promise<void> {
  const name = lockBlob(plan.workload);
  const found = await files.find(RUNS_CONTAINER, name);
  const text = await files.readText(RUNS_CONTAINER, name, 1024);
  if (found === null || text === null) return;
  const held = JSON.parse(text) as Lock;
  if (held.runId === plan.runId) await files.remove(RUNS_CONTAINER, name, found.etag);
}

/** `busy` is left to the pool's own next evaluation: the formula that is stored follows the tasks too. */
async function grow(
  { batch, workloads }: Tools,
  { plan, startNodes, now }: { plan: RunPlan; startNodes: number; now: string },
): Promise<{ answer: 'set' | 'busy' | 'notOurs' }> {
  const workload = workloadOf(workloads, plan);
  if (workload.pool.existing !== undefined) return { answer: 'notOurs' };
  const formula = autoscaleFormula(workload, plan, startNodes, now);
  return { answer: await batch.setFormula(plan.poolId, formula) };
}

async function look(tools: Tools, plan: RunPlan): Promise<Observation> {
  const { batch, files } = tools;
  const workload = workloadOf(tools.workloads, plan);
  const [job, pool, cancel] = await Promise.all([
    batch.lookAtJob(plan.jobId),
    batch.lookAtPool(plan.poolId),
    cancelRequested(files, plan.runId),
  ]);
  const tasks = job === null ? NO_TASKS : await batch.countTasks(plan.jobId);
  const unpreparedNodes =
    job === null || !preparesNodes(workload)
      ? 0
      : await batch.countUnprepared(plan.jobId, plan.poolId);
  const blocked = tasks.failed === 0 ? 0 : await countBlocked(tools, plan);
  return { job, pool, tasks, unpreparedNodes, blocked, cancelRequested: cancel };
}

/** Asked only where a failure is no reason to end the run. */
async function countBlocked({ batch, workloads }: Tools, plan: RunPlan): Promise<number> {
  const { work } = workloadOf(workloads, plan);
  if (work.kind !== 'tasks' || shareTolerated(work) === 0) return 0;
  const failed = await batch.failedTasks(plan.jobId, work.tasks.length + 1);
  return blockedIn(
    work,
    failed.map(({ id }) => id),
  ).length;
}

async function cancelRequested(files: Files, runId: string): Promise<boolean> {
  return (await files.find(RUNS_CONTAINER, cancelBlob(runId))) !== null;
}

/**
 * One pass: asks for the end of everything, and says what is gone. What one of them answers does
 * not keep the others from being asked; the next pass asks again.
 */
async function cleanUp(
  { batch, files, workloads }: Tools,
  plan: RunPlan,
): Promise<{ done: readonly CleanedUp[]; pool: PoolView | null }> {
  const workload = workloadOf(workloads, plan);
  const keeps = workload.keepOutputsDays > 0;
  const { jobId, poolId, stagingContainer, outputContainer } = plan;
  const [owner, labels] = [ownerOf(plan), labelsOf(plan)];
  const done = [
    await asking('job', jobId, () => batch.removeJob(jobId, owner)),
    await asking('pool', poolId, () => letGoOfPool({ batch }, workload, plan)),
    await asking('staging', stagingContainer, () =>
      files.removeContainer(stagingContainer, labels),
    ),
    await asking('outputs', outputContainer, () =>
      keeps ? kept(files, outputContainer) : files.removeContainer(outputContainer, labels),
    ),
  ];
  const poolIsGoing = done.some(({ what, how }) => what === 'pool' && how === 'going');
  return { done, pool: poolIsGoing ? await batch.lookAtPool(poolId).catch(() => null) : null };
}

/** A run that ended before it began has none. */
async function kept(files: Files, container: string): Promise<'kept' | 'gone'> {
  const found = await files.listContainers(container);
  return found.some(({ name }) => name === container) ? 'kept' : 'gone';
}

async function asking(
  what: CleanedUp['what'],
  id: string,
  remove: () => Promise<Removal | 'kept'>,
): Promise<CleanedUp> {
  try {
    return { what, id, how: await remove() };
  } catch (error) {
    return { what, id, how: 'going', why: messageOf(error) };
  }
}

interface RecordInput {
  readonly plan: RunPlan;
  readonly outcome: Outcome;
  readonly harvest: Harvest;
  readonly watch: WatchState;
  readonly cleanedUp: readonly CleanedUp[];
  readonly followers: readonly Follower[];
  readonly endedAt: string;
}

const DAY_MS = 86_400_000;

async function record(tools: Tools, input: RecordInput): Promise<RunRecord> {
  const { plan, watch, harvest, endedAt } = input;
  const { pool, keepOutputsDays } = workloadOf(tools.workloads, plan);
  const price = pool.pricePerNodeHour;
  // The nodes of somebody else's pool are not this run's, however long it used them.
  const nodeMinutes = pool.existing === undefined ? round(watch.usage.nodeMinutes, 1) : 0;
  const written: RunRecord = {
    runId: plan.runId,
    workload: plan.workload,
    occurrence: plan.request.occurrence,
    outcome: input.outcome,
    startedAt: plan.startedAt,
    endedAt,
    timeline: watch.timeline,
    tasks: watch.tasks,
    missingTasks: harvest.missingTasks,
    nodeMinutes,
    preemptions: watch.usage.preemptions,
    estimatedCost: price === undefined ? null : round((nodeMinutes / 60) * price, 4),
    results: harvest.results,
    logs: harvest.logs,
    outputContainer: plan.outputContainer,
    outputsKeptUntil:
      keepOutputsDays === 0 || hasNoOutputs(input)
        ? null
        : new Date(Date.parse(endedAt) + keepOutputsDays * DAY_MS).toISOString(),
    cleanedUp: input.cleanedUp,
    warnings: watch.warnings,
    followers: input.followers,
  };
  // A run that was never admitted has a record all the same, be it the first of all.
  await tools.files.makeContainer(RUNS_CONTAINER, {});
  await tools.files.writeText(
    RUNS_CONTAINER,
    recordBlob(plan.runId),
    `${JSON.stringify(written, null, 2)}\n`,
  );
  await releaseLock(tools, plan);
  await tools.files.remove(RUNS_CONTAINER, cancelBlob(plan.runId));
  return written;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function hasNoOutputs({ cleanedUp }: RecordInput): boolean {
  return cleanedUp.some(({ what, how }) => what === 'outputs' && how === 'gone');
}

/** A record is small; the bound keeps a planted blob from filling the memory. */
const MAX_RECORD_BYTES = 4 * 1024 ** 2;

export async function readRecord(files: Files, runId: string): Promise<RunRecord> {
  const text = await files.readText(RUNS_CONTAINER, recordBlob(runId), MAX_RECORD_BYTES);
  if (text === null) throw new Failure('unknownRun', `no run has the id ${runId}`);
  return JSON.parse(text) as RunRecord;
}
