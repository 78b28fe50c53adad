import {
  anyJson,
  duration,
  integer,
  list,
  object,
  oneOf,
  optional,
  type TypeOf,
  text,
  boolean,
} from '../wire/shape';
import {
  applicationPackageReferences,
  authenticationTokenSettings,
  commandLine,
  containerSettings,
  displayName,
  environmentSettings,
  id,
  metadata,
  outputFile,
  resourceFile,
  retryCount,
  taskConstraints,
  userIdentity,
} from './common';
import { poolSpecification } from './pool';

const jobConstraints = object({
  maxWallClockTime: optional(duration()),
  maxTaskRetryCount: optional(retryCount),
});

const jobManagerTask = object({
  id,
  displayName: optional(displayName),
  commandLine,
  containerSettings: optional(containerSettings),
  resourceFiles: optional(list(resourceFile)),
  outputFiles: optional(list(outputFile)),
  environmentSettings: optional(environmentSettings),
  constraints: optional(taskConstraints),
  requiredSlots: optional(integer(1, 256)),
  killJobOnCompletion: optional(boolean),
  userIdentity: optional(userIdentity),
  runExclusive: optional(boolean),
  applicationPackageReferences: optional(applicationPackageReferences),
  authenticationTokenSettings: optional(authenticationTokenSettings),
  allowLowPriorityNode: optional(boolean),
});
export type JobManagerTask = TypeOf<typeof jobManagerTask>;

const jobPreparationTask = object({
  id: optional(id),
  commandLine,
  containerSettings: optional(containerSettings),
  resourceFiles: optional(list(resourceFile)),
  environmentSettings: optional(environmentSettings),
  constraints: optional(taskConstraints),
  waitForSuccess: optional(boolean),
  userIdentity: optional(userIdentity),
  rerunOnNodeRebootAfterSuccess: optional(boolean),
});
export type JobPreparationTask = TypeOf<typeof jobPreparationTask>;

const FIFTEEN_MINUTES_MS = 900_000;

const jobReleaseTask = object({
  id: optional(id),
  commandLine,
  containerSettings: optional(containerSettings),
  resourceFiles: optional(list(resourceFile)),
  environmentSettings: optional(environmentSettings),
  maxWallClockTime: optional(duration(0, FIFTEEN_MINUTES_MS)),
  retentionTime: optional(duration()),
  userIdentity: optional(userIdentity),
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

const priority = integer(-1000, 1000);
const onAllTasksComplete = oneOf('noaction', 'terminatejob');
const maxParallelTasks = integer(-1, 2 ** 31 - 1);

/** The properties of a job; a job schedule describes its jobs by the same, without an id. */
const specification = {
  displayName: optional(displayName),
  priority: optional(priority),
  maxParallelTasks: optional(maxParallelTasks),
  allowTaskPreemption: optional(boolean),
  constraints: optional(jobConstraints),
  jobManagerTask: optional(jobManagerTask),
  jobPreparationTask: optional(jobPreparationTask),
  jobReleaseTask: optional(jobReleaseTask),
  commonEnvironmentSettings: optional(environmentSettings),
  poolInfo,
  onAllTasksComplete: optional(onAllTasksComplete),
  onTaskFailure: optional(oneOf('noaction', 'performexitoptionsjobaction')),
  metadata: optional(metadata),
  usesTaskDependencies: optional(boolean),
  networkConfiguration: optional(anyJson),
};

export const jobSpecification = object(specification);

/** POST /jobs */
export const newJob = object({ id, ...specification });
export type NewJob = TypeOf<typeof newJob>;

/** PATCH /jobs/{jobId} */
export const jobPatch = object({
  priority: optional(priority),
  maxParallelTasks: optional(maxParallelTasks),
  allowTaskPreemption: optional(boolean),
  onAllTasksComplete: optional(onAllTasksComplete),
  constraints: optional(jobConstraints),
  poolInfo: optional(poolInfo),
  metadata: optional(metadata),
});
export type JobPatch = TypeOf<typeof jobPatch>;

/** PUT /jobs/{jobId} */
export const jobUpdate = object({
  priority: optional(priority),
  maxParallelTasks: optional(maxParallelTasks),
  allowTaskPreemption: optional(boolean),
  constraints: optional(jobConstraints),
  poolInfo,
  metadata: optional(metadata),
  onAllTasksComplete: optional(onAllTasksComplete),
});
export type JobUpdate = TypeOf<typeof jobUpdate>;

/** POST /jobs/{jobId}/disable */
export const jobDisable = object({ disableTasks: oneOf('requeue', 'terminate', 'wait') });
export type JobDisable = TypeOf<typeof jobDisable>;

/** POST /jobs/{jobId}/terminate; the body may be left out. */
export const jobTerminate = object({ terminateReason: optional(text()) });
export type JobTerminate = TypeOf<typeof jobTerminate>;
