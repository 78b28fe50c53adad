import type { JobManagerTask, JobPreparationTask, JobReleaseTask } from '../bodies/job';
import type { Job } from '../state/account';
import {
  dateField,
  idField,
  previousStateProperties,
  resourceFields,
  resourceProperties,
} from '../wire/fields';
import type { Listing } from '../wire/page';
import {
  constraintsView,
  optionalTime,
  resourceView,
  stateView,
  withIdentity,
} from '../wire/shared-views';
import { NO_LIMIT, wireTime } from '../wire/time';
import { poolSpecificationView } from '../pools/view';
import { PREPARATION_ID, RELEASE_ID } from './preparation';

const executionFields = [
  dateField('executionInfo/startTime'),
  dateField('executionInfo/endTime'),
  idField('executionInfo/poolId'),
];

export const jobListing: Listing = {
  metadata: 'jobs',
  expands: true,
  filterable: [...resourceFields, ...executionFields],
  selectable: [
    ...resourceProperties,
    ...previousStateProperties,
    'usesTaskDependencies',
    'priority',
    'allowTaskPreemption',
    'maxParallelTasks',
    'constraints',
    'jobManagerTask',
    'jobPreparationTask',
    'jobReleaseTask',
    'commonEnvironmentSettings',
    'poolInfo',
    'onAllTasksComplete',
    'onTaskFailure',
    'networkConfiguration',
    'metadata',
    'executionInfo',
  ],
};

function jobUrl(base: string, job: Job): string {
  return `${base}/jobs/${job.record.spec.id}`;
}

/** A job as GET returns it, with the service's defaults. */
export function jobView(job: Job, base: string): object {
  const { record } = job;
  const { spec } = record;
  return {
    ...resourceView(spec, record, jobUrl(base, job)),
    ...stateView(record),
    ...specificationView(spec, record.poolId),
    executionInfo: executionView(job),
  };
}

type Specification = Omit<Job['record']['spec'], 'id'>;

/** The properties that a job has in common with the job specification of a schedule. */
export function specificationView(spec: Specification, poolId?: string): object {
  const retries = spec.constraints?.maxTaskRetryCount ?? 0;
  const { jobManagerTask, jobPreparationTask, jobReleaseTask } = spec;
  return {
    priority: spec.priority ?? 0,
    maxParallelTasks: spec.maxParallelTasks ?? -1,
    allowTaskPreemption: spec.allowTaskPreemption ?? false,
    usesTaskDependencies: spec.usesTaskDependencies ?? false,
    constraints: {
      maxWallClockTime: spec.constraints?.maxWallClockTime ?? NO_LIMIT,
      maxTaskRetryCount: retries,
    },
    ...(jobManagerTask !== undefined && { jobManagerTask: managerView(jobManagerTask, retries) }),
    ...(jobPreparationTask !== undefined && {
      jobPreparationTask: preparationView(jobPreparationTask),
    }),
    ...(jobReleaseTask !== undefined && { jobReleaseTask: releaseView(jobReleaseTask) }),
    ...(spec.commonEnvironmentSettings !== undefined && {
      commonEnvironmentSettings: spec.commonEnvironmentSettings,
    }),
    poolInfo: poolInfoView(spec.poolInfo, poolId),
    onAllTasksComplete: spec.onAllTasksComplete ?? 'noaction',
    onTaskFailure: spec.onTaskFailure ?? 'noaction',
    ...(spec.networkConfiguration !== undefined && {
      networkConfiguration: spec.networkConfiguration,
    }),
    ...(spec.metadata !== undefined && { metadata: spec.metadata }),
  };
}

function poolInfoView(
  { autoPoolSpecification: autoPool }: Specification['poolInfo'],
  poolId: string | undefined,
): object {
  if (autoPool === undefined) return { poolId };
  const { pool, ...rest } = autoPool;
  return {
    autoPoolSpecification: {
      keepAlive: false,
      ...rest,
      ...(pool !== undefined && { pool: poolSpecificationView(pool) }),
    },
  };
}

function managerView(manager: JobManagerTask, retries: number): object {
  return {
    killJobOnCompletion: true,
    runExclusive: true,
    allowLowPriorityNode: true,
    requiredSlots: 1,
    ...withIdentity(manager),
    constraints: constraintsView(manager.constraints, retries),
  };
}

function preparationView(task: JobPreparationTask): object {
  return {
    id: PREPARATION_ID,
    waitForSuccess: true,
    rerunOnNodeRebootAfterSuccess: true,
    ...withIdentity(task),
    constraints: constraintsView(task.constraints, 0),
  };
}

function releaseView(task: JobReleaseTask): object {
  return {
    id: RELEASE_ID,
    maxWallClockTime: 'PT15M',
    retentionTime: 'P7D',
    ...withIdentity(task),
  };
}

function executionView({ record }: Job): object {
  return {
    startTime: wireTime(record.createdAt),
    ...optionalTime('endTime', record.endedAt),
    ...(record.poolId !== undefined && { poolId: record.poolId }),
    ...(record.schedulingError !== undefined && { schedulingError: record.schedulingError }),
    ...(record.terminateReason !== undefined && { terminateReason: record.terminateReason }),
  };
}
