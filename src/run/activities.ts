import { Failure } from '../failure';
import { harvest } from './finish/harvest';
import { submitJob } from './submit/job';
import { addMerge } from './submit/late-merge';
import { blockedIn } from './submit/missing';
import { preparesNodes } from './submit/preparation';
import { provision } from './provision/provision';
import { findRecord, readRecord, record, type RecordInput } from './finish/record';
import {
  NO_TASKS,
  type Claim,
  type Observation,
  type Outcome,
  type PoolView,
  type RunPlan,
  type RunRecord,
  type TaskCounts,
} from './run';
import { stage } from './stage/stage';
import { takeOver, type TakeOverInput } from './stage/take-over';
import { submitTasks, type SubmitInput } from './submit/submit-tasks';
import { shareTolerated } from '../workload/work-schema';
import { autoscaleFormula } from './provision/autoscale-formula';
import { cleanUp } from './finish/clean-up';
import { ownerOf, workloadOf, type ActivityContext } from './activity-context';

export type Activities = ReturnType<typeof createActivities>;

/**
 * The activities of a run. Each is idempotent, also after an interruption: a resource of this run
 * that exists already is adopted. Inputs and results are plain JSON without secrets or credentials,
 * because the durable history stores them.
 */
export function createActivities(context: ActivityContext) {
  const own = <Input extends { readonly plan: RunPlan }, Result>(
    step: (input: Input) => Promise<Result>,
  ) => onlyWhenOwn(context, step);
  return {
    claim: (input: { plan: RunPlan; now: string }) => claim(context, input),
    readRecord: (input: { runId: string }) => readRecord(context.files, input.runId),
    stage: own(({ plan }: { plan: RunPlan }) => stage(context, plan)),
    takeOver: own((input: TakeOverInput) => takeOver(context, input)),
    provision: own((input: { plan: RunPlan; startNodes: number; now: string }) =>
      provision(context, input),
    ),
    submitJob: own((input: { plan: RunPlan; now: string }) => submitJob(context, input)),
    submitTasks: own((input: SubmitInput) => submitTasks(context, input)),
    addMerge: own((input: { plan: RunPlan; now: string }) => addMerge(context, input)),
    setTargetNodes: own((input: { plan: RunPlan; startNodes: number; now: string }) =>
      setTargetNodes(context, input),
    ),
    poll: (input: { plan: RunPlan; now: string }) => poll(context, input),
    rebootNodes: own((input: { plan: RunPlan; nodes: readonly string[] }) =>
      context.batch.rebootNodes(input.plan.poolId, input.nodes, ownerOf(input.plan)),
    ),
    measure: (input: { plan: RunPlan }) => measure(context, input.plan),
    harvest: (input: { plan: RunPlan; outcome: Outcome; worked: boolean }) =>
      harvest(context, input),
    cleanUp: async (input: { plan: RunPlan; outcome: Outcome['kind'] }) => {
      // A ledger that cannot be read must not delay the steps that stop the costs.
      const claimed = await close(context, input.plan).catch(() => 'claimed');
      if (claimed !== 'claimed') return { isOwn: false, done: [], pool: null };
      return { isOwn: true, ...(await cleanUp(context, input)) };
    },
    /** Null when another orchestration, or the reconciler, records the run. */
    record: async (input: RecordInput) => {
      if ((await confirm(context, input.plan)) === 'superseded') return null;
      const written = await record(context, input);
      if (written.warnings.length > 0) context.warn(warningLine(written));
      await context.ledger.finish(input.plan, written);
      return written;
    },
  };
}

/** The line of the warnings of a run: a sentence with its fields as JSON, like that of its end. */
function warningLine({ runId, workload, warnings }: RunRecord): string {
  const fields = { warningsOf: runId, workload, warnings: warnings.length };
  return `run ${runId} has warnings: ${warnings.join('; ')} ${JSON.stringify(fields)}`;
}

/** An activity may begin long after it was scheduled, when its run has been taken over. */
function onlyWhenOwn<Input extends { readonly plan: RunPlan }, Result>(
  context: ActivityContext,
  step: (input: Input) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    const { plan } = input;
    const claimed = await context.ledger.claim(plan, plan.deadline, plan.startedAt);
    if (claimed.kind === 'claimed' && claimed.isClosing !== true) return step(input);
    throw new Failure(
      'runEnded',
      `run ${plan.runId} was ended, or taken over by another orchestration`,
    );
  };
}

async function confirm({ ledger }: ActivityContext, plan: RunPlan): Promise<Claim['kind']> {
  return (await ledger.claim(plan, plan.deadline, plan.startedAt)).kind;
}

async function close({ ledger }: ActivityContext, plan: RunPlan): Promise<Claim['kind']> {
  return (await ledger.close(plan, plan.deadline, plan.startedAt)).kind;
}

/** A run with a record has ended, also when the ledger has lost the row that says so. */
async function claim(
  { files, ledger }: ActivityContext,
  { plan, now }: { plan: RunPlan; now: string },
): Promise<Claim> {
  const written = await findRecord(files, plan.runId);
  if (written === null) return ledger.claim(plan, plan.deadline, now);
  await ledger.finish(plan, written);
  return { kind: 'final' };
}

/** Requests nodes at once. After `busy` the next evaluation of the stored formula adds them. */
async function setTargetNodes(
  { batch, workloads }: ActivityContext,
  { plan, startNodes, now }: { plan: RunPlan; startNodes: number; now: string },
): Promise<{ result: 'set' | 'busy' | 'notOwned' }> {
  const workload = workloadOf(workloads, plan);
  if (workload.pool.existing !== undefined) return { result: 'notOwned' };
  const formula = autoscaleFormula(workload, plan, startNodes, now);
  return { result: await batch.setFormula(plan.poolId, formula) };
}

async function poll(
  context: ActivityContext,
  { plan, now }: { plan: RunPlan; now: string },
): Promise<Observation> {
  const { batch, ledger } = context;
  const workload = workloadOf(context.workloads, plan);
  const [job, pool, claim] = await Promise.all([
    batch.getJob(plan.jobId),
    batch.getPool(plan.poolId),
    ledger.claim(plan, plan.deadline, now),
  ]);
  const tasks = job === null ? NO_TASKS : await batch.countTasks(plan.jobId);
  const unpreparedNodes =
    job === null || !preparesNodes(workload)
      ? 0
      : await batch.countUnprepared(plan.jobId, plan.poolId);
  const blocked = tasks.failed === 0 ? 0 : await countBlocked(context, plan);
  return { job, pool, tasks, unpreparedNodes, blocked, claim };
}

/** The nodes and tasks of a run, read once more before they are deleted. Null where there are none. */
async function measure(
  { batch }: ActivityContext,
  { poolId, jobId }: RunPlan,
): Promise<{ pool: PoolView | null; tasks: TaskCounts | null }> {
  const [pool, job] = await Promise.all([batch.getPool(poolId), batch.getJob(jobId)]);
  return { pool, tasks: job === null ? null : await batch.countTasks(jobId) };
}

/** Counts tasks that depend on failed ones. Needed only where a failure does not end the run. */
async function countBlocked({ batch, workloads }: ActivityContext, plan: RunPlan): Promise<number> {
  const { work } = workloadOf(workloads, plan);
  if (work.kind !== 'tasks') return 0;
  if (shareTolerated(work) === 0 && work.whenTaskFails === 'stop') return 0;
  const failed = await batch.failedTasks(plan.jobId, work.tasks.length + 1);
  return blockedIn(
    work,
    failed.map(({ id }) => id),
  ).length;
}
