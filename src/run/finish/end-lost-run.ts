import { formatError } from '../../failure';
import type { Workload } from '../../workload/workload';
import { outputContainerOf, stagingContainerOf } from '../names';
import type { Batch, DeletionState, Files, Owner } from '../ports';
import type { CleanedUp, RunRecord, RunRequest } from '../run';
import { hasLabels, labelsOf } from '../activity-context';
import { recordWithoutRun } from './record-without-run';

/** A run whose orchestration is lost, was terminated, or ended without a record. */
export interface LostRun {
  readonly owner: Owner;
  readonly request: RunRequest;
  readonly startedAt: string;
  readonly cause: string;
  /** Null for a workload that the app no longer has. */
  readonly workload: Workload | null;
  /** Nothing is waited for after this instant: what is still there is recorded as left behind. */
  readonly giveUpAt: string;
}

/**
 * One step of ending a lost run: deletes its job, pool and staging, and records its end once all
 * of them answer that they are deleted. Outputs and logs are kept as of any failed run.
 * @returns the record, or null while something is still being deleted
 */
export async function endLostRun(
  { batch, files }: { readonly batch: Batch; readonly files: Files },
  run: LostRun,
  now: string,
): Promise<RunRecord | null> {
  const { owner, request, workload } = run;
  const { runId } = owner;
  const staging = stagingContainerOf(runId);
  const outputs = outputContainerOf(runId);
  const labels = labelsOf(owner);
  const done = [
    await attempt('job', runId, () => batch.deleteJob(runId, owner)),
    await attempt('pool', runId, () => batch.deletePool(runId, owner)),
    await attempt('staging', staging, () => files.removeContainer(staging, labels)),
  ];
  const isDeleting = done.some(({ state }) => state === 'deleting');
  if (isDeleting && now < run.giveUpAt) return null;
  const cleanedUp: CleanedUp[] = [
    ...done.map((item) =>
      item.state === 'deleting' ? { ...item, state: 'leftBehind' as const } : item,
    ),
    { resource: 'outputs', id: outputs, state: await stateOfOutputs(files, outputs, labels) },
  ];
  return recordWithoutRun(files, {
    runId,
    request,
    outcome: {
      kind: 'failed',
      code: workload === null ? 'workloadChanged' : 'internal',
      cause: run.cause,
    },
    workload,
    startedAt: run.startedAt,
    endedAt: now,
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

async function attempt(
  resource: CleanedUp['resource'],
  id: string,
  remove: () => Promise<DeletionState>,
): Promise<CleanedUp> {
  try {
    return { resource, id, state: await remove() };
  } catch (error) {
    return { resource, id, state: 'deleting', reason: formatError(error) };
  }
}
