import { messageOf } from '../failure';
import { harvest } from './finish/harvest';
import { submitJob } from './submit/job';
import { addMerge } from './submit/late-merge';
import { blockedIn } from './submit/missing';
import { removeOnly } from './finish/outputs';
import { autoscaleFormula, cancelBlob, lockBlob, recordBlob, RUNS_CONTAINER } from './plan';
import type { Files, Removal } from './ports';
import { preparesNodes } from './submit/preparation';
import { letGoOfPool, provision } from './provision/provision';
import { readRecord, record, type RecordInput } from './finish/record';
import { retentionOf, type Retention } from './finish/retention';
import {
  NO_TASKS,
  type CleanedUp,
  type Observation,
  type Outcome,
  type PoolView,
  type RunPlan,
} from './run';
import { stage } from './stage/stage';
import { submitTasks } from './submit/submit-tasks';
import { labelsOf, ownerOf, RUN_LABEL, workloadOf, type Tools } from './stage/access';
import { shareTolerated } from '../workload/work-schema';

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
    cleanUp: (input: { plan: RunPlan; outcome: Outcome['kind'] }) => cleanUp(tools, input),
    record: async (input: RecordInput) => {
      const written = await record(tools, input);
      await releaseLock(tools, input.plan);
      return written;
    },
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
    const held = await lockHeld(files, name);
    if (held === null) continue;
    if (held.runId === plan.runId) return { kind: 'admitted' };
    if (held.until >= now) return { kind: 'busy', holder: held.runId };
    await files.remove(RUNS_CONTAINER, name, held.etag);
  }
}

/** Null when nobody holds it. */
async function lockHeld(files: Files, name: string): Promise<(Lock & { etag: string }) | null> {
  const found = await files.find(RUNS_CONTAINER, name);
  const text = await files.readText(RUNS_CONTAINER, name, 1024);
  if (found === null || text === null) return null;
  return { ...(JSON.parse(text) as Lock), etag: found.etag };
}

async function releaseLock({ files }: Tools, plan: RunPlan): Promise<void> {
  const name = lockBlob(plan.workload);
  const held = await lockHeld(files, name);
  if (held?.runId === plan.runId) await files.remove(RUNS_CONTAINER, name, held.etag);
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
  { plan, outcome }: { plan: RunPlan; outcome: Outcome['kind'] },
): Promise<{ done: readonly CleanedUp[]; pool: PoolView | null }> {
  const workload = workloadOf(workloads, plan);
  const { outputsDays, logsDays } = retentionOf(workload, outcome);
  const { jobId, poolId, stagingContainer, outputContainer } = plan;
  const [owner, labels] = [ownerOf(plan), labelsOf(plan)];
  const done = [
    await asking('job', jobId, () => batch.removeJob(jobId, owner)),
    await asking('pool', poolId, async () =>
      (await isAnothersTurn(files, plan)) ? 'kept' : letGoOfPool({ batch }, workload, plan),
    ),
    await asking('staging', stagingContainer, () =>
      files.removeContainer(stagingContainer, labels),
    ),
    await asking('outputs', outputContainer, () =>
      outputsDays + logsDays === 0
        ? files.removeContainer(outputContainer, labels)
        : kept(files, plan, { outputsDays, logsDays }),
    ),
  ];
  const poolIsGoing = done.some(({ what, how }) => what === 'pool' && how === 'going');
  return { done, pool: poolIsGoing ? await batch.lookAtPool(poolId).catch(() => null) : null };
}

/** A pool that is kept is the same for all runs: one that ends before its turn must not touch it. */
async function isAnothersTurn(
  files: Files,
  { workload, poolId, runId }: RunPlan,
): Promise<boolean> {
  if (poolId === runId) return false;
  const held = await lockHeld(files, lockBlob(workload));
  return held !== null && held.runId !== runId;
}

/** A run that ended before it began has none. */
async function kept(
  files: Files,
  { outputContainer: container, runId }: RunPlan,
  { outputsDays, logsDays }: Pick<Retention, 'outputsDays' | 'logsDays'>,
): Promise<'kept' | 'gone' | 'notOurs'> {
  const found = (await files.listContainers(container)).find(({ name }) => name === container);
  if (found === undefined) return 'gone';
  if (found.labels[RUN_LABEL] !== runId) return 'notOurs';
  if (outputsDays === 0) await removeOnly(files, container, 'outputs');
  if (logsDays === 0) await removeOnly(files, container, 'logs');
  return 'kept';
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
