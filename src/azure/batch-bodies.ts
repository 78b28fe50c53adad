import { createHash } from 'node:crypto';
import type { BatchServiceModels as Models } from '@azure/batch';
import type {
  JobSpec,
  OutputFile,
  Owner,
  PoolSpec,
  ResourceFile,
  StartTaskSpec,
  TaskSpec,
} from '../run/ports';

/** A run's specifications in the words of the Batch service, REST version 2022-10-01.16.0. */

export const RUN_METADATA = 'nightshift-run';
export const WORKLOAD_METADATA = 'nightshift-workload';
export const SPEC_METADATA = 'nightshift-spec';

/** The service's minimum; a formula that is stored is evaluated at once besides. */
export const EVALUATION_INTERVAL = 'PT5M';
/** Files of ended tasks leave a node after this; what is worth keeping has been uploaded. */
const FILE_RETENTION = 'PT1H';

/** What all pools of this app have in common, whatever the workload. */
export interface NodeDefaults {
  /** Of the pools of workloads that name none. */
  readonly vmSize: string;
  /** The subnet that nodes join; null leaves the network to Batch. */
  readonly subnetId: string | null;
}

export function poolBody(
  pool: PoolSpec,
  owner: Owner,
  defaults: NodeDefaults,
): Models.PoolAddParameter {
  const { image } = pool;
  return {
    id: pool.id,
    displayName: pool.displayName,
    vmSize: pool.vmSize ?? defaults.vmSize,
    ...(defaults.subnetId !== null && { networkConfiguration: networkBody(defaults.subnetId) }),
    virtualMachineConfiguration: {
      imageReference: {
        publisher: image.publisher,
        offer: image.offer,
        sku: image.sku,
        version: image.version,
      },
      nodeAgentSKUId: image.nodeAgent,
      ...(pool.containerImages.length > 0 && {
        containerConfiguration: {
          containerImageNames: [...pool.containerImages],
        },
      }),
    },
    enableAutoScale: true,
    autoScaleFormula: pool.formula,
    autoScaleEvaluationInterval: EVALUATION_INTERVAL,
    // Classic communication was retired on 31 March 2026.
    targetNodeCommunicationMode: 'simplified',
    enableInterNodeCommunication: false,
    taskSlotsPerNode: pool.slotsPerNode,
    taskSchedulingPolicy: { nodeFillType: 'pack' },
    ...(pool.startTask !== null && { startTask: startTaskBody(pool.startTask) }),
    metadata: metadata(owner, specHash(pool, defaults)),
  };
}

/** Nodes in a network of one's own need no public address: they leave through its NAT gateway. */
function networkBody(subnetId: string): Models.NetworkConfiguration {
  return { subnetId, publicIPAddressConfiguration: { provision: 'nopublicipaddresses' } };
}

function startTaskBody(task: StartTaskSpec): Models.StartTask {
  return {
    commandLine: task.command,
    resourceFiles: task.resourceFiles.map(resourceFileBody),
    environmentSettings: [{ name: 'LC_ALL', value: 'C.UTF-8' }],
    userIdentity: autoUser(task.elevated, 'pool'),
    maxTaskRetryCount: task.retries,
    waitForSuccess: true,
  };
}

/** What two attempts at the same pool have in common: credentials and the formula's moments differ. */
export function specHash(pool: PoolSpec, defaults: NodeDefaults): string {
  const { image, slotsPerNode, containerImages } = pool;
  const vmSize = (pool.vmSize ?? defaults.vmSize).toLowerCase();
  const fixed = JSON.stringify([vmSize, image, slotsPerNode, containerImages]);
  return createHash('sha256').update(fixed).digest('hex').slice(0, 16);
}

export function jobBody(job: JobSpec, owner: Owner): Models.JobAddParameter {
  return {
    id: job.id,
    displayName: job.displayName,
    poolInfo: { poolId: job.poolId },
    commonEnvironmentSettings: environmentBody(job.environment),
    constraints: { maxWallClockTime: `PT${job.maxMinutes}M` },
    usesTaskDependencies: true,
    // A job told to end with its tasks would end before it has any.
    onAllTasksComplete: 'noaction',
    onTaskFailure: 'noaction',
    ...(job.jobManager !== null && { jobManagerTask: jobManagerBody(job.jobManager) }),
    metadata: metadata(owner),
  };
}

function jobManagerBody(task: NonNullable<JobSpec['jobManager']>): Models.JobManagerTask {
  return {
    ...commonBody(task),
    id: task.id,
    killJobOnCompletion: task.endsJob,
    // Other tasks of the job may share its node.
    runExclusive: false,
    // On a pool of Spot nodes alone it would never be scheduled otherwise.
    allowLowPriorityNode: true,
  };
}

export function taskBody(task: TaskSpec): Models.TaskAddParameter {
  return {
    ...commonBody(task),
    id: task.id,
    ...(task.dependsOn.length > 0 && { dependsOn: { taskIds: [...task.dependsOn] } }),
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
    userIdentity: autoUser(task.elevated, 'task'),
    ...(task.container !== null && {
      containerSettings: {
        imageName: task.container.image,
        containerRunOptions: task.container.runOptions,
      },
    }),
  };
}

function autoUser(elevated: boolean, scope: 'pool' | 'task'): Models.UserIdentity {
  return { autoUser: { scope, elevationLevel: elevated ? 'admin' : 'nonadmin' } };
}

function environmentBody(
  environment: Readonly<Record<string, string>>,
): Models.EnvironmentSetting[] {
  return Object.entries(environment).map(([name, value]) => ({ name, value }));
}

function resourceFileBody(file: ResourceFile): Models.ResourceFile {
  if ('containerUrl' in file) {
    return { storageContainerUrl: file.containerUrl, blobPrefix: file.prefix };
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

function metadata(owner: Owner, spec?: string): Models.MetadataItem[] {
  return [
    { name: RUN_METADATA, value: owner.runId },
    { name: WORKLOAD_METADATA, value: owner.workload },
    ...(spec === undefined ? [] : [{ name: SPEC_METADATA, value: spec }]),
  ];
}
