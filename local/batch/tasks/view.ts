import { taskDirectory } from '../execution/directories';
import type { Job } from '../state/account';
import type { TaskNode, TaskRecord } from '../state/records';
import {
  dateField,
  idField,
  numberField,
  previousStateProperties,
  resourceProperties,
  stateField,
} from '../wire/fields';
import type { Listing } from '../wire/page';
import {
  constraintsView,
  failureView,
  identityView,
  optionalTime,
  resourceView,
  stateView,
  withoutSecrets,
} from '../wire/shared-views';

export const taskListing: Listing = {
  metadata: 'tasks',
  expands: true,
  filterable: [
    idField(),
    stateField('state'),
    dateField('stateTransitionTime'),
    dateField('creationTime'),
    dateField('lastModifiedTime'),
    dateField('executionInfo/startTime'),
    dateField('executionInfo/endTime'),
    numberField('executionInfo/exitCode'),
    stateField('executionInfo/result'),
  ],
  selectable: [
    ...resourceProperties,
    ...previousStateProperties,
    'exitConditions',
    'commandLine',
    'containerSettings',
    'resourceFiles',
    'outputFiles',
    'environmentSettings',
    'affinityInfo',
    'constraints',
    'requiredSlots',
    'userIdentity',
    'executionInfo',
    'nodeInfo',
    'multiInstanceSettings',
    'dependsOn',
    'applicationPackageReferences',
    'authenticationTokenSettings',
  ],
};

export function taskUrl(base: string, job: Job, taskId: string): string {
  return `${base}/jobs/${job.record.spec.id}/tasks/${taskId}`;
}

/** A task as GET returns it, with the service's defaults. */
export function taskView(job: Job, task: TaskRecord, base: string): object {
  const { spec } = task;
  const { userIdentity, requiredSlots, ...rest } = spec;
  const retries = job.record.spec.constraints?.maxTaskRetryCount ?? 0;
  return {
    ...resourceView(spec, task, taskUrl(base, job, spec.id)),
    ...stateView(task),
    ...(spec.containerSettings === undefined ? rest : withoutSecrets(rest)),
    userIdentity: identityView(userIdentity),
    constraints: constraintsView(task.constraints, retries),
    requiredSlots: requiredSlots ?? 1,
    executionInfo: executionView(task),
    ...(task.node !== undefined && { nodeInfo: nodeInfoView(job, task, task.node, base) }),
  };
}

export function executionView(task: TaskRecord): object {
  return {
    ...optionalTime('startTime', task.startedAt),
    ...optionalTime('endTime', task.endedAt),
    ...(task.exitCode !== undefined && { exitCode: task.exitCode }),
    ...(task.container !== undefined && { containerInfo: task.container }),
    ...(task.failure !== undefined && { failureInfo: failureView(task.failure) }),
    ...(task.result !== undefined && { result: task.result }),
    retryCount: task.retryCount,
    ...optionalTime('lastRetryTime', task.lastRetryAt),
    requeueCount: task.requeueCount,
    ...optionalTime('lastRequeueTime', task.lastRequeueAt),
  };
}

function nodeInfoView(
  job: Job,
  task: TaskRecord,
  { poolId, nodeId }: TaskNode,
  base: string,
): object {
  const nodeUrl = `${base}/pools/${poolId}/nodes/${nodeId}`;
  const taskRootDirectory = taskDirectory(job, task.spec.id);
  return {
    affinityId: `TVM:${nodeId}`,
    nodeUrl,
    poolId,
    nodeId,
    taskRootDirectory,
    taskRootDirectoryUrl: `${nodeUrl}/files/${taskRootDirectory}`,
  };
}
