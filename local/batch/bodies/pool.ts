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
  unimitated,
} from '../wire/shape';
import {
  applicationPackageReferences,
  certificateReferences,
  commonTaskFields,
  containerRegistry,
  displayName,
  id,
  metadata,
  retryCount,
} from './common';

const MINUTE_MS = 60_000;

export const startTask = object({
  ...commonTaskFields,
  maxTaskRetryCount: optional(retryCount),
  waitForSuccess: optional(boolean),
});
export type StartTask = TypeOf<typeof startTask>;

const virtualMachineConfiguration = object({
  imageReference: object({
    publisher: optional(text()),
    offer: optional(text()),
    sku: optional(text()),
    version: optional(text()),
    virtualMachineImageId: optional(text()),
    exactVersion: optional(text()),
  }),
  nodeAgentSKUId: text({ min: 1 }),
  windowsConfiguration: optional(anyJson),
  dataDisks: optional(anyJson),
  licenseType: optional(text()),
  containerConfiguration: optional(
    object({
      type: text(),
      containerImageNames: optional(list(text({ min: 1 }))),
      containerRegistries: optional(list(containerRegistry)),
    }),
  ),
  diskEncryptionConfiguration: optional(anyJson),
  nodePlacementConfiguration: optional(anyJson),
  extensions: optional(anyJson),
  osDisk: optional(anyJson),
});

const mount = object({
  azureBlobFileSystemConfiguration: optional(
    object({
      accountName: text({ min: 1 }),
      containerName: text({ min: 1 }),
      accountKey: optional(text()),
      sasKey: optional(text()),
      blobfuseOptions: optional(text()),
      relativeMountPath: text({ min: 1 }),
      identityReference: optional(unimitated('identities of nodes')),
    }),
  ),
  nfsMountConfiguration: optional(anyJson),
  cifsMountConfiguration: optional(anyJson),
  azureFileShareConfiguration: optional(anyJson),
});
export type Mount = TypeOf<typeof mount>;

const nodeTarget = integer(0, 1_000_000);

export const formula = text();

/** Bounds of the service: five minutes to a week. */
const evaluationInterval = duration(5 * MINUTE_MS, 168 * 60 * MINUTE_MS);

const resizeTimeout = duration(5 * MINUTE_MS);

const communicationMode = oneOf('default', 'classic', 'simplified');

/** The properties of a pool; an auto-pool is described by the same, without an id. */
const specification = {
  displayName: optional(displayName),
  vmSize: text({ min: 1 }),
  cloudServiceConfiguration: optional(anyJson),
  virtualMachineConfiguration: optional(virtualMachineConfiguration),
  resizeTimeout: optional(resizeTimeout),
  targetDedicatedNodes: optional(nodeTarget),
  targetLowPriorityNodes: optional(nodeTarget),
  enableAutoScale: optional(boolean),
  autoScaleFormula: optional(formula),
  autoScaleEvaluationInterval: optional(evaluationInterval),
  enableInterNodeCommunication: optional(boolean),
  networkConfiguration: optional(anyJson),
  startTask: optional(startTask),
  certificateReferences: optional(certificateReferences),
  applicationPackageReferences: optional(applicationPackageReferences),
  applicationLicenses: optional(anyJson),
  taskSlotsPerNode: optional(integer(1, 256)),
  taskSchedulingPolicy: optional(object({ nodeFillType: oneOf('Spread', 'Pack') })),
  userAccounts: optional(anyJson),
  metadata: optional(metadata),
  mountConfiguration: optional(list(mount, 10)),
  targetNodeCommunicationMode: optional(communicationMode),
};

export const poolSpecification = object(specification);
export type PoolSpecification = TypeOf<typeof poolSpecification>;

/** POST /pools */
export const newPool = object({ id, ...specification });
export type NewPool = TypeOf<typeof newPool>;

const deallocationOption = oneOf('requeue', 'terminate', 'taskcompletion', 'retaineddata');
export type DeallocationOption = TypeOf<typeof deallocationOption>;

const resizeOptions = {
  resizeTimeout: optional(resizeTimeout),
  nodeDeallocationOption: optional(deallocationOption),
};

/** POST /pools/{poolId}/resize */
export const resize = object({
  targetDedicatedNodes: optional(nodeTarget),
  targetLowPriorityNodes: optional(nodeTarget),
  ...resizeOptions,
});
export type Resize = TypeOf<typeof resize>;

/** POST /pools/{poolId}/removenodes */
export const removeNodes = object({
  nodeList: list(text({ min: 1 }), 100),
  ...resizeOptions,
});
export type RemoveNodes = TypeOf<typeof removeNodes>;

/** POST /pools/{poolId}/enableautoscale */
export const enableAutoscale = object({
  autoScaleFormula: optional(formula),
  autoScaleEvaluationInterval: optional(evaluationInterval),
});
export type EnableAutoscale = TypeOf<typeof enableAutoscale>;

/** POST /pools/{poolId}/evaluateautoscale */
export const evaluateAutoscale = object({ autoScaleFormula: formula });
export type EvaluateAutoscale = TypeOf<typeof evaluateAutoscale>;

/** PATCH /pools/{poolId} */
export const poolPatch = object({
  startTask: optional(startTask),
  certificateReferences: optional(certificateReferences),
  applicationPackageReferences: optional(applicationPackageReferences),
  metadata: optional(metadata),
  targetNodeCommunicationMode: optional(communicationMode),
});
export type PoolPatch = TypeOf<typeof poolPatch>;

/** POST /pools/{poolId}/updateproperties */
export const poolProperties = object({
  startTask: optional(startTask),
  certificateReferences,
  applicationPackageReferences,
  metadata,
  targetNodeCommunicationMode: optional(communicationMode),
});
export type PoolProperties = TypeOf<typeof poolProperties>;
