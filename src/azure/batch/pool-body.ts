import { createHash } from 'node:crypto';
import type { BatchServiceModels as Models } from '@azure/batch';
import type {
  Image,
  MountSpec,
  Owner,
  PoolContainers,
  PoolSpec,
  StartTaskSpec,
} from '../../run/ports';
import {
  autoUser,
  environmentBody,
  packagesBody,
  resourceFileBody,
  RUN_METADATA,
  WORKLOAD_METADATA,
} from './bodies';

/** A pool in the words of the Batch service. */

export const SPEC_METADATA = 'nightshift-spec';
/** On a pool that is kept from run to run, in place of the run: until when. */
export const RETAINED_METADATA = 'nightshift-kept-until';

/** The service's minimum; a formula that is stored is evaluated at once besides. */
export const EVALUATION_INTERVAL = 'PT5M';

/** Of a pool between two runs. The interval of evaluation goes on, and finds nothing to do. */
export const SCALE_TO_ZERO_FORMULA = [
  '// Nightshift: at rest',
  '$TargetDedicatedNodes = 0;',
  '$TargetLowPriorityNodes = 0;',
  '$NodeDeallocationOption = terminate;',
].join('\n');

export function poolBody(pool: PoolSpec, owner: Owner): Models.PoolAddParameter {
  return {
    id: pool.id,
    displayName: pool.displayName,
    vmSize: pool.vmSize,
    ...(pool.subnetId !== null && { networkConfiguration: networkBody(pool.subnetId) }),
    virtualMachineConfiguration: {
      imageReference: imageBody(pool.image),
      nodeAgentSKUId: pool.image.nodeAgent,
      ...(pool.containers !== null && { containerConfiguration: containersBody(pool.containers) }),
    },
    enableAutoScale: true,
    autoScaleFormula: pool.formula,
    autoScaleEvaluationInterval: EVALUATION_INTERVAL,
    // Classic communication was retired on 31 March 2026.
    targetNodeCommunicationMode: 'simplified',
    enableInterNodeCommunication: pool.interNode,
    taskSlotsPerNode: pool.slotsPerNode,
    taskSchedulingPolicy: { nodeFillType: pool.fill },
    ...(pool.startTask !== null && { startTask: startTaskBody(pool.startTask) }),
    ...(pool.mounts.length > 0 && { mountConfiguration: pool.mounts.map(mountBody) }),
    ...packagesBody(pool.packages),
    metadata: metadataOf(pool, owner),
  };
}

function imageBody(image: Image): Models.ImageReference {
  if (image.kind === 'gallery') return { virtualMachineImageId: image.id };
  const { publisher, offer, sku, version } = image;
  return { publisher, offer, sku, version };
}

/** Nodes in a network of one's own need no public address: they leave through its NAT gateway. */
function networkBody(subnetId: string): Models.NetworkConfiguration {
  return { subnetId, publicIPAddressConfiguration: { provision: 'nopublicipaddresses' } };
}

function containersBody({ images, registries }: PoolContainers): Models.ContainerConfiguration {
  return {
    containerImageNames: [...images],
    ...(registries.length > 0 && {
      containerRegistries: registries.map(({ server, user, password }) => ({
        registryServer: server,
        userName: user,
        password,
      })),
    }),
  };
}

function mountBody(mount: MountSpec): Models.MountConfiguration {
  return {
    azureBlobFileSystemConfiguration: {
      accountName: mount.account,
      containerName: mount.container,
      sasKey: mount.sas,
      blobfuseOptions: mount.options,
      relativeMountPath: mount.at,
    },
  };
}

export function startTaskBody(task: StartTaskSpec): Models.StartTask {
  return {
    commandLine: task.command,
    resourceFiles: task.resourceFiles.map(resourceFileBody),
    environmentSettings: environmentBody(task.environment),
    userIdentity: autoUser(task.elevated, 'pool'),
    maxTaskRetryCount: task.retries,
    waitForSuccess: true,
  };
}

/** What two attempts at the same pool have in common: credentials and the formula's moments differ. */
export function specHash(pool: PoolSpec): string {
  const { vmSize, image, slotsPerNode, fill, containers, subnetId, interNode, mounts } = pool;
  const registries = containers?.registries.map(({ server, user }) => [server, user]);
  const fixed = [
    vmSize.toLowerCase(),
    image,
    [slotsPerNode, fill],
    [containers?.images, registries],
    [subnetId, interNode],
    mounts.map(({ container, at, options }) => [container, at, options]),
  ];
  return createHash('sha256').update(JSON.stringify(fixed)).digest('hex').slice(0, 16);
}

function metadataOf(pool: PoolSpec, owner: Owner): Models.MetadataItem[] {
  const whose =
    pool.retainedUntil === null
      ? { name: RUN_METADATA, value: owner.runId }
      : { name: RETAINED_METADATA, value: pool.retainedUntil };
  return [
    whose,
    { name: WORKLOAD_METADATA, value: owner.workload },
    { name: SPEC_METADATA, value: specHash(pool) },
  ];
}
