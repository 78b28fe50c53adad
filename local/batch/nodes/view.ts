import type { PoolSpecification } from '../bodies/pool';
import { type Account, type Node, keyOf } from '../state/account';
import type { Problem, RecentTask } from '../state/records';
import { executionView, taskUrl } from '../tasks/view';
import { dateField, numberField, stateField } from '../wire/fields';
import type { Listing } from '../wire/page';
import { executionInfoView, optionalTime } from '../wire/shared-views';
import { wireTime } from '../wire/time';
import { imageView, poolUrl, startTaskView } from '../pools/view';

export const nodeListing: Listing = {
  metadata: 'nodes',
  filterable: [
    stateField('state'),
    dateField('stateTransitionTime'),
    dateField('lastBootTime'),
    dateField('allocationTime'),
    stateField('startTaskInfo/state', 'eq'),
    stateField('startTaskInfo/result', 'eq'),
    numberField('startTaskInfo/exitCode'),
    dateField('startTaskInfo/startTime'),
    dateField('startTaskInfo/endTime'),
  ],
  selectable: [
    'id',
    'url',
    'state',
    'schedulingState',
    'stateTransitionTime',
    'lastBootTime',
    'allocationTime',
    'ipAddress',
    'affinityId',
    'vmSize',
    'totalTasksRun',
    'runningTasksCount',
    'runningTaskSlotsCount',
    'totalTasksSucceeded',
    'recentTasks',
    'startTask',
    'startTaskInfo',
    'certificateReferences',
    'errors',
    'isDedicated',
    'endpointConfiguration',
    'nodeAgentInfo',
    'virtualMachineInfo',
  ],
};

export function nodeUrl(base: string, poolId: string, nodeId: string): string {
  return `${poolUrl(base, poolId)}/nodes/${nodeId}`;
}

/** The agent version that the stand-in reports. */
const AGENT_VERSION = '1.12.15';

export function nodeView(account: Account, node: Node, base: string): object {
  const { record, pool } = node;
  const { spec } = pool.record;
  let runningSlots = 0;
  for (const { slots } of node.attempts.values()) runningSlots += slots;
  return {
    id: record.id,
    url: nodeUrl(base, spec.id, record.id),
    state: record.state,
    schedulingState: record.schedulingEnabled ? 'enabled' : 'disabled',
    stateTransitionTime: wireTime(record.stateAt),
    ...optionalTime('lastBootTime', record.bootedAt),
    allocationTime: wireTime(record.allocatedAt),
    ipAddress: record.ipAddress,
    affinityId: `TVM:${record.id}`,
    vmSize: spec.vmSize,
    totalTasksRun: record.tasksRun,
    totalTasksSucceeded: record.tasksSucceeded,
    runningTasksCount: node.attempts.size,
    runningTaskSlotsCount: runningSlots,
    ...recentView(account, node, base),
    ...(record.startTask !== undefined && { startTask: startTaskView(record.startTask) }),
    ...(record.startTaskInfo !== undefined && {
      startTaskInfo: executionInfoView(record.startTaskInfo),
    }),
    ...(record.problems.length > 0 && { errors: record.problems.map(errorView) }),
    isDedicated: record.dedicated,
    ...(record.bootedAt !== undefined && {
      nodeAgentInfo: { version: AGENT_VERSION, lastUpdateTime: wireTime(record.bootedAt) },
    }),
    certificateReferences: [],
    endpointConfiguration: endpointsView(record),
    virtualMachineInfo: { imageReference: nodeImageView(spec) },
  };
}

/** The endpoint through which a user logs in to a node, behind the pool's load balancer. */
function endpointsView({ ipAddress }: Node['record']): object {
  const endpoint = {
    name: 'SSHRule.0',
    protocol: 'tcp',
    publicIPAddress: ipAddress,
    publicFQDN: 'localhost',
    frontendPort: 50_000,
    backendPort: 22,
  };
  return { inboundEndpoints: [endpoint] };
}

function nodeImageView({ virtualMachineConfiguration: machine }: PoolSpecification): object {
  if (machine === undefined) return {};
  const image = imageView(machine.imageReference);
  return image.version === undefined
    ? image
    : { ...image, exactVersion: image.version === 'latest' ? LATEST_VERSION : image.version };
}

/** The version that `latest` stands for: a node here is this machine, whatever its image. */
const LATEST_VERSION = '1.0.0';

function errorView({ code, message, values }: Problem): object {
  return { code, message, ...(values.length > 0 && { errorDetails: values }) };
}

function recentView(account: Account, { record }: Node, base: string): object {
  const recentTasks = record.recentTasks.flatMap((recent) =>
    taskInformation(account, recent, base),
  );
  return recentTasks.length === 0 ? {} : { recentTasks };
}

function taskInformation(
  account: Account,
  { jobId, taskId }: RecentTask,
  base: string,
): readonly object[] {
  const job = account.jobs.get(keyOf(jobId));
  const task = job?.tasks.get(taskId);
  if (job === undefined || task === undefined) return [];
  return [
    {
      taskUrl: taskUrl(base, job, task.spec.id),
      jobId,
      taskId,
      taskState: task.state,
      executionInfo: executionView(task),
    },
  ];
}
