import type { PoolSpecification, StartTask } from '../bodies/pool';
import type { Pool } from '../state/account';
import type { AutoscaleRun, Problem } from '../state/records';
import {
  booleanField,
  dateField,
  resourceFields,
  resourceProperties,
  stateField,
} from '../wire/fields';
import type { Listing } from '../wire/page';
import { resourceView, withIdentity, withoutSecrets } from '../wire/shared-views';
import { wireDuration, wireTime } from '../wire/time';
import { DEFAULT_RESIZE_TIMEOUT_MS } from './lifecycle';
import { currentNodes } from './resize';

export const poolListing: Listing = {
  metadata: 'pools',
  expands: true,
  filterable: [
    ...resourceFields,
    stateField('allocationState', 'eq'),
    dateField('allocationStateTransitionTime'),
    booleanField('enableAutoScale'),
    stateField('vmSize'),
    booleanField('enableInterNodeCommunication'),
  ],
  selectable: [
    ...resourceProperties,
    'allocationState',
    'allocationStateTransitionTime',
    'vmSize',
    'virtualMachineConfiguration',
    'cloudServiceConfiguration',
    'resizeTimeout',
    'resizeErrors',
    'currentDedicatedNodes',
    'currentLowPriorityNodes',
    'targetDedicatedNodes',
    'targetLowPriorityNodes',
    'enableAutoScale',
    'autoScaleFormula',
    'autoScaleEvaluationInterval',
    'autoScaleRun',
    'enableInterNodeCommunication',
    'networkConfiguration',
    'startTask',
    'certificateReferences',
    'applicationPackageReferences',
    'applicationLicenses',
    'taskSlotsPerNode',
    'taskSchedulingPolicy',
    'userAccounts',
    'metadata',
    'mountConfiguration',
    'identity',
    'targetNodeCommunicationMode',
    'currentNodeCommunicationMode',
  ],
};

export function poolUrl(base: string, poolId: string): string {
  return `${base}/pools/${poolId}`;
}

/** A pool as GET returns it, with the service's defaults. */
export function poolView(pool: Pool, base: string): object {
  const { record } = pool;
  const { spec } = record;
  const current = currentNodes(pool);
  return {
    ...resourceView(spec, record, poolUrl(base, spec.id)),
    state: record.state,
    stateTransitionTime: wireTime(record.stateAt),
    allocationState: record.allocationState,
    allocationStateTransitionTime: wireTime(record.allocationStateAt),
    vmSize: spec.vmSize,
    ...(record.resizeErrors.length > 0 && { resizeErrors: record.resizeErrors.map(problemView) }),
    currentDedicatedNodes: current.dedicated,
    targetDedicatedNodes: record.targets.dedicated,
    currentLowPriorityNodes: current.lowPriority,
    targetLowPriorityNodes: record.targets.lowPriority,
    ...scalingView(pool),
    enableInterNodeCommunication: spec.enableInterNodeCommunication ?? false,
    ...(spec.startTask !== undefined && { startTask: startTaskView(spec.startTask) }),
    taskSlotsPerNode: spec.taskSlotsPerNode ?? 1,
    taskSchedulingPolicy: spec.taskSchedulingPolicy ?? { nodeFillType: 'Spread' },
    ...machineView(spec),
    ...withoutSecrets(unchangedProperties(pool)),
    ...(pool.nodes.size > 0 && { currentNodeCommunicationMode: communicationMode(pool) }),
  };
}

function communicationMode({ record: { spec } }: Pool): string {
  return spec.targetNodeCommunicationMode === 'classic' ? 'classic' : 'simplified';
}

/** The pool that an auto-pool specification describes, with the service's defaults. */
export function poolSpecificationView(spec: PoolSpecification): object {
  const sizes = {
    resizeTimeout: wireDuration(DEFAULT_RESIZE_TIMEOUT_MS),
    targetDedicatedNodes: 0,
    targetLowPriorityNodes: 0,
    enableAutoScale: false,
  };
  return withoutSecrets({
    ...(spec.enableAutoScale === true ? {} : sizes),
    enableInterNodeCommunication: false,
    taskSlotsPerNode: 1,
    taskSchedulingPolicy: { nodeFillType: 'Spread' },
    ...spec,
    ...(spec.startTask !== undefined && { startTask: startTaskView(spec.startTask) }),
    ...machineView(spec),
  });
}

function scalingView({ record }: Pool): object {
  const { autoscale } = record;
  if (autoscale === undefined) {
    return { enableAutoScale: false, resizeTimeout: wireDuration(record.resizeTimeoutMs) };
  }
  return {
    enableAutoScale: true,
    autoScaleFormula: autoscale.formula,
    autoScaleEvaluationInterval: wireDuration(autoscale.intervalMs),
    ...(autoscale.run !== undefined && { autoScaleRun: autoscaleRunView(autoscale.run) }),
  };
}

export function autoscaleRunView({ at, results, error }: AutoscaleRun): object {
  return { timestamp: wireTime(at), results, ...(error !== undefined && { error }) };
}

function problemView({ code, message, values }: Problem): object {
  return { code, message, ...(values.length > 0 && { values }) };
}

export function startTaskView(startTask: StartTask): object {
  return { maxTaskRetryCount: 0, waitForSuccess: true, ...withIdentity(startTask) };
}

function machineView({ virtualMachineConfiguration: machine }: PoolSpecification): object {
  if (machine === undefined) return {};
  const imageReference = imageView(machine.imageReference);
  return { virtualMachineConfiguration: withoutSecrets({ ...machine, imageReference }) };
}

type Image = NonNullable<PoolSpecification['virtualMachineConfiguration']>['imageReference'];

/** An image without a version is the latest. */
export function imageView(image: Image): Image {
  if (image.virtualMachineImageId !== undefined) return image;
  return { ...image, version: image.version ?? 'latest' };
}

/** Properties that the stand-in stores and returns unchanged. */
const UNCHANGED = [
  'networkConfiguration',
  'certificateReferences',
  'applicationPackageReferences',
  'applicationLicenses',
  'userAccounts',
  'metadata',
  'mountConfiguration',
  'targetNodeCommunicationMode',
] as const;

function unchangedProperties({ record: { spec } }: Pool): object {
  return Object.fromEntries(UNCHANGED.map((name) => [name, spec[name]]));
}
