import type { FailureCode } from '../../failure';
import type { Workload } from '../../workload/workload';
import type { Files } from '../ports';
import { linkOf, type CleanedUp, type RunPlan, type RunRecord } from '../run';
import { hasLabels, labelsOf, ownerOf, type ActivityContext } from '../activity-context';
import { releasePool } from '../provision/provision';
import { attemptDeletion, isUsedByOtherRun } from './clean-up';
import { leaveBehind } from './ending';
import { recordWithoutRun } from './record-without-run';
import { writeTaskList } from './task-ends';

/** A run whose orchestration is lost, was terminated, or ended without a record. */
export interface LostRun {
  /** Names of the resources; those of a run of the former version have its former id. */
  readonly plan: RunPlan;
  readonly runId: string;
  readonly code: FailureCode;
  readonly cause: string;
  readonly nodeMinutes: number;
  /** Null for a workload that the app no longer has. */
  readonly workload: Workload | null;
  /** Nothing is waited for after this instant: what is still there is recorded as left behind. */
  readonly giveUpAt: string;
  /** False in the first step: something may still be created by an activity that is under way. */
  readonly mayRecord: boolean;
}

/**
 * One step of ending a lost run: deletes its job, pool and staging, and records its end once all
 * of them answer that they are deleted. Outputs and logs are kept as of any failed run.
 * @returns the record, or null while something is still being deleted, and in the first step
 */
export async function endLostRun(
  { batch, files, ledger }: Pick<ActivityContext, 'batch' | 'files' | 'ledger'>,
  run: LostRun,
  now: () => Date,
): Promise<RunRecord | null> {
  const { plan, runId, workload, nodeMinutes } = run;
  const { jobId, poolId, stagingContainer: staging, outputContainer: outputs } = plan;
  const [owner, labels] = [ownerOf(plan), labelsOf(plan)];
  // Best effort: a job that cannot be read must not be billed for longer.
  if (!run.mayRecord) await writeTaskList({ batch, files }, plan).catch(() => undefined);
  const done = [
    await attemptDeletion('job', jobId, () => batch.deleteJob(jobId, owner)),
    await attemptDeletion('pool', poolId, async () =>
      (await isUsedByOtherRun(ledger, { ...plan, runId })) ? 'kept' : releasePool({ batch }, plan),
    ),
    await attemptDeletion('staging', staging, () => files.removeContainer(staging, labels)),
  ];
  const isDeleting = done.some(({ state }) => state === 'deleting');
  const endedAt = now().toISOString();
  if (!run.mayRecord || (isDeleting && endedAt < run.giveUpAt)) return null;
  const cleanedUp: CleanedUp[] = [
    ...done.map(leaveBehind),
    { resource: 'outputs', id: outputs, state: await stateOfOutputs(files, outputs, labels) },
  ];
  return recordWithoutRun(files, {
    runId,
    request: plan.request,
    ...linkOf(plan),
    outcome: {
      kind: 'failed',
      code: workload === null ? 'workloadChanged' : run.code,
      cause: run.cause,
    },
    workload,
    startedAt: plan.startedAt,
    endedAt,
    usage: { nodeMinutes, dedicatedMinutes: 0, preemptions: 0 },
    outputContainer: outputs,
    cleanedUp,
  });
}

async function stateOfOutputs(
  files: Files,
  container: string,
  labels: Readonly<Record<string, string>>,
): Promise<CleanedUp['state']> {
  const found = (await files.listContainers(container)).find(({ name }) => name === container);
  if (found === undefined) return 'deleted';
  return hasLabels(found, labels) ? 'kept' : 'notOwned';
}
