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
  OWNER_METADATA,
  RUN_METADATA,
  WORKLOAD_METADATA,
} from './bodies';

/** Request bodies of pools for the Batch service. */

export const SPEC_METADATA = 'nightshift-spec';
/** The end of the retention period. A retained pool has it in place of the run id. */
export const RETAINED_METADATA = 'nightshift-kept-until';

/** The service's minimum. A formula is also evaluated when it is stored. */
export const EVALUATION_INTERVAL = 'PT5M';

/** The formula of a retained pool between two runs. */
export const SCALE_TO_ZERO_FORMULA = [
  '// Nightshift: scaled to zero',
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

/** Nodes in a subnet get no public IP address: they reach the internet through its NAT gateway. */
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

/**
 * Hashes the resolved properties that two attempts to create the same pool have in common; their
 * credentials and the times in their formulas differ. See `fingerprintOf` in run/plan.ts for the
 * other list.
 */
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
  const ownership =
    pool.retainedUntil === null
      ? { name: RUN_METADATA, value: owner.runId }
      : { name: RETAINED_METADATA, value: pool.retainedUntil };
  return [
    ownership,
    { name: OWNER_METADATA, value: owner.owner },
    { name: WORKLOAD_METADATA, value: owner.workload },
    { name: SPEC_METADATA, value: specHash(pool) },
  ];
}
