import type { BatchServiceModels as Models } from '@azure/batch';
import type { PackageReference } from '../../workload/fields';
import type {
  ContainerSpec,
  JobSpec,
  NodeTaskSpec,
  OutputFile,
  Owner,
  ResourceFile,
  TaskSpec,
} from '../../run/ports';

/** Request bodies of jobs and tasks for the Batch service, REST version 2022-10-01.16.0. */

/** Metadata of the owner of a job or pool. */
/** The mark of the app; what carries another one, or none, is never touched. */
export const OWNER_METADATA = 'nightshift-owner';
export const RUN_METADATA = 'nightshift-run';
export const WORKLOAD_METADATA = 'nightshift-workload';

/** Nodes delete the files of ended tasks after this time; outputs and logs have been uploaded by then. */
const FILE_RETENTION = 'PT1H';

export function jobBody(job: JobSpec, owner: Owner): Models.JobAddParameter {
  return {
    id: job.id,
    displayName: job.displayName,
    poolInfo: { poolId: job.poolId },
    commonEnvironmentSettings: environmentBody(job.environment),
    constraints: { maxWallClockTime: `PT${job.maxMinutes}M` },
    priority: job.priority,
    ...(job.maxParallelTasks !== null && { maxParallelTasks: job.maxParallelTasks }),
    usesTaskDependencies: true,
    // With `terminatejob` the job would end before its tasks are added.
    onAllTasksComplete: 'noaction',
    onTaskFailure: 'noaction',
    ...(job.jobManager !== null && { jobManagerTask: jobManagerBody(job.jobManager) }),
    ...(job.preparation !== null && { jobPreparationTask: preparationBody(job.preparation) }),
    ...(job.release !== null && { jobReleaseTask: releaseBody(job.release) }),
    metadata: [
      { name: OWNER_METADATA, value: owner.owner },
      { name: RUN_METADATA, value: owner.runId },
      { name: WORKLOAD_METADATA, value: owner.workload },
    ],
  };
}

function jobManagerBody(task: NonNullable<JobSpec['jobManager']>): Models.JobManagerTask {
  return {
    ...commonBody(task),
    id: task.id,
    killJobOnCompletion: task.endsJob,
    // Other tasks of the job may share its node.
    runExclusive: false,
    // Otherwise a pool with only Spot nodes would never run it.
    allowLowPriorityNode: true,
  };
}

function preparationBody(task: NodeTaskSpec): Models.JobPreparationTask {
  return {
    ...nodeTaskBody(task),
    constraints: { maxWallClockTime: `PT${task.maxMinutes}M`, maxTaskRetryCount: task.retries },
    waitForSuccess: true,
    rerunOnNodeRebootAfterSuccess: true,
  };
}

function releaseBody(task: NodeTaskSpec): Models.JobReleaseTask {
  return { ...nodeTaskBody(task), maxWallClockTime: `PT${task.maxMinutes}M` };
}

function nodeTaskBody(task: NodeTaskSpec) {
  return {
    commandLine: task.command,
    resourceFiles: task.resourceFiles.map(resourceFileBody),
    environmentSettings: environmentBody(task.environment),
    userIdentity: autoUser(task.elevated, 'pool'),
    ...(task.container !== null && { containerSettings: containerBody(task.container) }),
  };
}

export function taskBody(task: TaskSpec): Models.TaskAddParameter {
  return {
    ...commonBody(task),
    id: task.id,
    ...(task.dependsOn.length > 0 && { dependsOn: { taskIds: [...task.dependsOn] } }),
    ...(task.affinityId !== undefined && { affinityInfo: { affinityId: task.affinityId } }),
  };
}

function commonBody(task: TaskSpec) {
  return {
    commandLine: task.command,
    environmentSettings: environmentBody(task.environment),
    resourceFiles: task.resourceFiles.map(resourceFileBody),
    outputFiles: task.outputFiles.map(outputFileBody),
    requiredSlots: task.slots,
    constraints: {
      maxWallClockTime: `PT${task.maxMinutes}M`,
      maxTaskRetryCount: task.retries,
      retentionTime: FILE_RETENTION,
    },
    userIdentity: autoUser(task.elevated, task.user),
    ...(task.container !== null && { containerSettings: containerBody(task.container) }),
    ...packagesBody(task.packages),
  };
}

/** The registry and its password belong to the pool. */
function containerBody(container: ContainerSpec): Models.TaskContainerSettings {
  return {
    imageName: container.image,
    containerRunOptions: container.runOptions,
    workingDirectory:
      container.workingDirectory === 'image' ? 'containerImageDefault' : 'taskWorkingDirectory',
  };
}

export function packagesBody(packages: readonly PackageReference[]): {
  applicationPackageReferences?: Models.ApplicationPackageReference[];
} {
  if (packages.length === 0) return {};
  return {
    applicationPackageReferences: packages.map(({ application, version }) => ({
      applicationId: application,
      ...(version !== undefined && { version }),
    })),
  };
}

export function autoUser(elevated: boolean, scope: 'pool' | 'task'): Models.UserIdentity {
  return { autoUser: { scope, elevationLevel: elevated ? 'admin' : 'nonadmin' } };
}

export function environmentBody(
  environment: Readonly<Record<string, string>>,
): Models.EnvironmentSetting[] {
  return Object.entries(environment).map(([name, value]) => ({ name, value }));
}

export function resourceFileBody(file: ResourceFile): Models.ResourceFile {
  if ('containerUrl' in file) {
    return {
      storageContainerUrl: file.containerUrl,
      blobPrefix: file.prefix,
      ...(file.path !== undefined && { filePath: file.path }),
    };
  }
  return {
    httpUrl: file.url,
    filePath: file.path,
    ...(file.mode !== null && { fileMode: file.mode }),
  };
}

function outputFileBody(file: OutputFile): Models.OutputFile {
  return {
    filePattern: file.pattern,
    destination: { container: { containerUrl: file.containerUrl, path: file.path } },
    uploadOptions: {
      uploadCondition: file.when === 'taskSuccess' ? 'tasksuccess' : 'taskcompletion',
    },
  };
}
