import {
  anyJson,
  duration,
  integer,
  object,
  oneOf,
  optional,
  type TypeOf,
  text,
  boolean,
  onlyFalse,
} from '../wire/shape';
import {
  commonTaskFields,
  displayName,
  environmentSettings,
  id,
  metadata,
  retryCount,
  schedulableTaskFields,
  taskConstraints,
} from './common';
import { poolSpecification } from './pool';

const jobConstraints = object({
  maxWallClockTime: optional(duration()),
  maxTaskRetryCount: optional(retryCount),
});

const jobManagerTask = object({
  ...schedulableTaskFields,
  killJobOnCompletion: optional(boolean),
  runExclusive: optional(boolean),
  allowLowPriorityNode: optional(boolean),
});
export type JobManagerTask = TypeOf<typeof jobManagerTask>;

const jobPreparationTask = object({
  ...commonTaskFields,
  id: optional(id),
  constraints: optional(taskConstraints),
  waitForSuccess: optional(boolean),
  rerunOnNodeRebootAfterSuccess: optional(boolean),
});
export type JobPreparationTask = TypeOf<typeof jobPreparationTask>;

const FIFTEEN_MINUTES_MS = 900_000;

const jobReleaseTask = object({
  ...commonTaskFields,
  id: optional(id),
  maxWallClockTime: optional(duration(0, FIFTEEN_MINUTES_MS)),
  retentionTime: optional(duration()),
});
export type JobReleaseTask = TypeOf<typeof jobReleaseTask>;

const autoPool = object({
  autoPoolIdPrefix: optional(text({ max: 20, pattern: /^[A-Za-z0-9_-]*$/ })),
  poolLifetimeOption: oneOf('jobschedule', 'job'),
  keepAlive: optional(boolean),
  pool: optional(poolSpecification),
});
export type AutoPool = TypeOf<typeof autoPool>;

const poolInfo = object({ poolId: optional(id), autoPoolSpecification: optional(autoPool) });

/** The properties of a job that a request can change; its pool also. */
const changeableFields = {
  priority: optional(integer(-1000, 1000)),
  maxParallelTasks: optional(integer(-1, 2 ** 31 - 1)),
  allowTaskPreemption: optional(onlyFalse('preemption of tasks by other jobs')),
  onAllTasksComplete: optional(oneOf('noaction', 'terminatejob')),
  constraints: optional(jobConstraints),
  metadata: optional(metadata),
};

/** The properties of a job; a job schedule describes its jobs by the same, without an id. */
const specification = {
  ...changeableFields,
  displayName: optional(displayName),
  jobManagerTask: optional(jobManagerTask),
  jobPreparationTask: optional(jobPreparationTask),
  jobReleaseTask: optional(jobReleaseTask),
  commonEnvironmentSettings: optional(environmentSettings),
  poolInfo,
  onTaskFailure: optional(oneOf('noaction', 'performexitoptionsjobaction')),
  usesTaskDependencies: optional(boolean),
  networkConfiguration: optional(anyJson),
};

export const jobSpecification = object(specification);

/** POST /jobs */
export const newJob = object({ id, ...specification });
export type NewJob = TypeOf<typeof newJob>;

/** PATCH /jobs/{jobId} */
export const jobPatch = object({ ...changeableFields, poolInfo: optional(poolInfo) });
export type JobPatch = TypeOf<typeof jobPatch>;

/** PUT /jobs/{jobId} */
export const jobUpdate = object({ ...changeableFields, poolInfo });
export type JobUpdate = TypeOf<typeof jobUpdate>;

/** POST /jobs/{jobId}/disable */
export const jobDisable = object({ disableTasks: oneOf('requeue', 'terminate', 'wait') });
export type JobDisable = TypeOf<typeof jobDisable>;

/** POST /jobs/{jobId}/terminate; the body may be left out. */
export const jobTerminate = object({ terminateReason: optional(text()) });
export type JobTerminate = TypeOf<typeof jobTerminate>;
