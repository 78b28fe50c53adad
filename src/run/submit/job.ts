import { dueTimeOf } from '../stage/due-time';
import { preparationOf, releaseOf } from './preparation';
import { unlessHopeless } from '../provision/provision';
import type { JobSpec } from '../ports';
import type { RunPlan } from '../run';
import { readTakenOver } from './taken-over';
import { allInputs, manifestFile, taskFrom } from './tasks';
import { openAccess, type Access } from '../stage/access';
import type { Workload } from '../../workload/workload';
import { JOB_MANAGER_ID } from '../names';
import { ownerOf, workloadOf, type ActivityContext } from '../activity-context';

/** Creates the job with its job manager, preparation and release tasks. */
export async function submitJob(
  context: ActivityContext,
  { plan, now }: { plan: RunPlan; now: string },
): Promise<{ jobId: string }> {
  const workload = workloadOf(context.workloads, plan);
  const access = await openAccess(context.files, workload, plan, now);
  const { hasManifest } = await readTakenOver(context.files, plan);
  const job: JobSpec = {
    id: plan.jobId,
    displayName: `Nightshift ${plan.runId}`,
    poolId: plan.poolId,
    environment: jobEnvironment(workload, plan),
    maxMinutes: workload.deadlineMinutes,
    priority: workload.priority,
    maxParallelTasks: workload.maxParallelTasks ?? null,
    jobManager: hasManifest ? null : jobManagerOf(workload, access),
    preparation: preparationOf(workload, access),
    release: releaseOf(workload, access),
  };
  await unlessHopeless(context, workload, () => context.batch.makeJob(job, ownerOf(plan)));
  return { jobId: plan.jobId };
}

function jobEnvironment({ locale }: Workload, plan: RunPlan): Record<string, string> {
  const parameters = Object.entries(plan.request.parameters).map(([name, value]) => [
    `PARAM_${name.toUpperCase()}`,
    value,
  ]);
  const { occurrence } = plan.request;
  return {
    LC_ALL: locale,
    RUN_ID: plan.runId,
    RUN_STARTED_AT: plan.startedAt,
    RUN_DUE_AT: dueTimeOf(plan),
    ...(occurrence.kind === 'schedule' &&
      occurrence.intervalStart !== undefined && {
        RUN_INTERVAL_START: occurrence.intervalStart,
        RUN_INTERVAL_END: occurrence.due,
      }),
    ...(occurrence.kind === 'after' && { RUN_FOLLOWS: occurrence.runId }),
    ...(occurrence.kind === 'afterAll' && {
      RUN_FOLLOWS: Object.values(occurrence.runs).join(' '),
    }),
    ...Object.fromEntries(parameters),
  };
}

function jobManagerOf({ work, inputs }: Workload, access: Access): JobSpec['jobManager'] {
  if (!('jobManager' in work)) return null;
  const task = taskFrom(work.jobManager, access, {
    id: JOB_MANAGER_ID,
    resourceFiles: inputs === undefined ? [] : allInputs(access),
    outputFiles: work.kind === 'split' ? [manifestFile(access)] : [],
  });
  return { ...task, endsJob: work.kind === 'whole' };
}
