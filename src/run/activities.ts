import { Failure, messageOf } from '../failure';
import { harvest } from './harvest';
import { labelsOf, openAccess, ownerOf, workloadOf, type Tools } from './tools';
import { stage } from './staging';
import { submitTasks } from './submission';
import {
  autoscaleFormula,
  cancelBlob,
  JOB_MANAGER_ID,
  lockBlob,
  recordBlob,
  RUNS_CONTAINER,
} from './plan';
import type { Files, Removal } from './ports';
import type {
  CleanedUp,
  Harvest,
  Observation,
  Outcome,
  PoolView,
  RunPlan,
  RunRecord,
  WatchState,
} from './run';
import { allInputs, manifestFile, programFiles, taskFrom, type Access } from './tasks';
import { NO_TASKS } from './run';
import type { Workload } from './workload';

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
    submitTasks: (input: { plan: RunPlan; now: string }) => submitTasks(tools, input),
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

async function provision(
  tools: Tools,
  { plan, startNodes, now }: { plan: RunPlan; startNodes: number; now: string },
): Promise<{ poolId: string }> {
  const workload = workloadOf(tools.workloads, plan);
  const { pool } = workload;
  const access = await openAccess(tools.files, workload, plan, now);
  await tools.batch.makePool(
    {
      id: plan.poolId,
      displayName: `Nightshift ${plan.runId}`,
      vmSize: pool.vmSize ?? null,
      image: pool.image,
      containerImages: pool.containerImages,
      slotsPerNode: pool.slotsPerNode,
      formula: autoscaleFormula(workload, plan, startNodes, now),
      startTask:
        pool.setup === undefined
          ? null
          : {
              command: pool.setup.command,
              resourceFiles: programFiles(pool.setup.programs, access),
              elevated: pool.setup.elevated,
              retries: pool.setup.retries,
            },
    },
    ownerOf(plan),
  );
  return { poolId: plan.poolId };
}

/** `busy` is left to the pool's own next evaluation: the formula that is stored follows the tasks too. */
async function grow(
  { batch, workloads }: Tools,
  { plan, startNodes, now }: { plan: RunPlan; startNodes: number; now: string },
): Promise<{ answer: 'set' | 'busy' }> {
  const formula = autoscaleFormula(workloadOf(workloads, plan), plan, startNodes, now);
  return { answer: await batch.setFormula(plan.poolId, formula) };
}

async function submitJob(
  tools: Tools,
  { plan, now }: { plan: RunPlan; now: string },
): Promise<{ jobId: string }> {
  const workload = workloadOf(tools.workloads, plan);
  const access = await openAccess(tools.files, workload, plan, now);
  await tools.batch.makeJob(
    {
      id: plan.jobId,
      displayName: `Nightshift ${plan.runId}`,
      poolId: plan.poolId,
      environment: jobEnvironment(plan),
      maxMinutes: workload.deadlineMinutes,
      jobManager: jobManagerOf(workload, access),
    },
    ownerOf(plan),
  );
  return { jobId: plan.jobId };
}

/** Nodes run under the POSIX locale unless told otherwise. C.UTF-8 is on every image. */
function jobEnvironment(plan: RunPlan): Record<string, string> {
  const parameters = Object.entries(plan.request.parameters).map(([name, value]) => [
    `PARAM_${name.toUpperCase()}`,
    value,
  ]);
  return {
    LC_ALL: 'C.UTF-8',
    RUN_ID: plan.runId,
    RUN_STARTED_AT: plan.startedAt,
    ...Object.fromEntries(parameters),
  };
}

function jobManagerOf({ work, inputs }: Workload, access: Access) {
  if (work.kind === 'perBlob') return null;
  const task = taskFrom(work.jobManager, access, {
    id: JOB_MANAGER_ID,
    resourceFiles: inputs === undefined ? [] : allInputs(access),
    outputFiles: work.kind === 'split' ? [manifestFile(access)] : [],
  });
  return { ...task, endsJob: work.kind === 'whole' };
}

async function look({ batch, files }: Tools, plan: RunPlan): Promise<Observation> {
  const [job, pool, cancel] = await Promise.all([
    batch.lookAtJob(plan.jobId),
    batch.lookAtPool(plan.poolId),
    cancelRequested(files, plan.runId),
  ]);
  const tasks = job === null ? NO_TASKS : await batch.countTasks(plan.jobId);
  return { job, pool, tasks, cancelRequested: cancel };
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
  const keeps = workloadOf(workloads, plan).keepOutputsDays > 0;
  const { jobId, poolId, stagingContainer, outputContainer } = plan;
  const [owner, labels] = [ownerOf(plan), labelsOf(plan)];
  const done = [
    await asking('job', jobId, () => batch.removeJob(jobId, owner)),
    await asking('pool', poolId, () => batch.removePool(poolId, owner)),
    await asking('staging', stagingContainer, () =>
      files.removeContainer(stagingContainer, labels),
    ),
    await asking('outputs', outputContainer, async () =>
      keeps ? 'kept' : files.removeContainer(outputContainer, labels),
    ),
  ];
  const poolIsGoing = done.some(({ what, how }) => what === 'pool' && how === 'going');
  return { done, pool: poolIsGoing ? await batch.lookAtPool(poolId).catch(() => null) : null };
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
  readonly endedAt: string;
}

const DAY_MS = 86_400_000;

async function record(tools: Tools, input: RecordInput): Promise<RunRecord> {
  const { plan, watch, harvest, endedAt } = input;
  const { pool, keepOutputsDays } = workloadOf(tools.workloads, plan);
  const price = pool.pricePerNodeHour;
  const nodeMinutes = round(watch.usage.nodeMinutes, 1);
  const written: RunRecord = {
    runId: plan.runId,
    workload: plan.workload,
    occurrence: plan.request.occurrence,
    outcome: input.outcome,
    startedAt: plan.startedAt,
    endedAt,
    timeline: watch.timeline,
    tasks: watch.tasks,
    nodeMinutes,
    preemptions: watch.usage.preemptions,
    estimatedCost: price === undefined ? null : round((nodeMinutes / 60) * price, 4),
    results: harvest.results,
    logs: harvest.logs,
    outputContainer: plan.outputContainer,
    outputsKeptUntil:
      keepOutputsDays === 0
        ? null
        : new Date(Date.parse(endedAt) + keepOutputsDays * DAY_MS).toISOString(),
    cleanedUp: input.cleanedUp,
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

/** A record is small; the bound keeps a planted blob from filling the memory. */
const MAX_RECORD_BYTES = 4 * 1024 ** 2;

export async function readRecord(files: Files, runId: string): Promise<RunRecord> {
  const text = await files.readText(RUNS_CONTAINER, recordBlob(runId), MAX_RECORD_BYTES);
  if (text === null) throw new Failure('unknownRun', `no run has the id ${runId}`);
  return JSON.parse(text) as RunRecord;
}
