import type { Right } from '../../../local/roles/built-in';

/** What a caller needs for each operation of the Azure clients. Rules for whole kinds of operation. */

const action = (name: string): Right => ({ plane: 'action', name });
const data = (name: string): Right => ({ plane: 'dataAction', name });

/**
 * What a group of the Batch client is about, and on which plane. A node and its files belong to
 * their pool, a task and its files to their job.
 * Unconfirmed: Microsoft names the rights of pools and jobs only; that nodes count as pools, and
 * the list of supported images as the account, is what people report (Job Submitter gets 403 for
 * the list, Account Reader does not).
 */
const batchGroups: Readonly<Record<string, (verb: string) => Right>> = {
  pool: (verb) => action(`Microsoft.Batch/batchAccounts/pools/${verb}`),
  computeNode: (verb) => action(`Microsoft.Batch/batchAccounts/pools/${verb}`),
  computeNodeExtension: (verb) => action(`Microsoft.Batch/batchAccounts/pools/${verb}`),
  application: (verb) => action(`Microsoft.Batch/batchAccounts/applications/${verb}`),
  account: (verb) => action(`Microsoft.Batch/batchAccounts/${verb}`),
  job: (verb) => data(`Microsoft.Batch/batchAccounts/jobs/${verb}`),
  task: (verb) => data(`Microsoft.Batch/batchAccounts/jobs/${verb}`),
  jobSchedule: (verb) => data(`Microsoft.Batch/batchAccounts/jobSchedules/${verb}`),
};

const READS = /^(get|list|exists|evaluate)/;

/** @throws Error for an operation that no rule covers */
export function batchRight(group: string, method: string): Right {
  const verb = READS.test(method) ? 'read' : verbOf(group, method);
  if (group === 'file') {
    const owner = method.includes('ComputeNode') ? 'pool' : 'job';
    return rightIn(owner, method.startsWith('delete') ? 'write' : verb);
  }
  return rightIn(group, verb);
}

/** To delete a task is to change its job. */
function verbOf(group: string, method: string): string {
  return method === 'deleteMethod' && group !== 'task' ? 'delete' : 'write';
}

function rightIn(group: string, verb: string): Right {
  const right = batchGroups[group];
  if (right === undefined) throw new Error(`no rule says what ${group} of the Batch client needs`);
  return right(verb);
}

const TABLES = 'Microsoft.Storage/storageAccounts/tableServices/tables';

/** The methods of the table client that call the service. */
export const tableRights: Readonly<Record<string, Right>> = {
  createTable: action(`${TABLES}/write`),
  getEntity: data(`${TABLES}/entities/read`),
  listEntities: data(`${TABLES}/entities/read`),
  submitTransaction: data(`${TABLES}/entities/write`),
  deleteEntity: data(`${TABLES}/entities/delete`),
};

const CONTAINERS = 'Microsoft.Storage/storageAccounts/blobServices/containers';
const containers = (verb: string) => action(`${CONTAINERS}/${verb}`);
const blobs = (verb: string) => data(`${CONTAINERS}/blobs/${verb}`);

/**
 * The methods of the blob clients that call the service. One that both a container and a blob have
 * needs what either needs.
 */
export const storageRights: Readonly<Record<string, readonly Right[]>> = {
  listContainers: [containers('read')],
  createIfNotExists: [containers('write')],
  create: [containers('write')],
  deleteIfExists: [containers('delete'), blobs('delete')],
  delete: [containers('delete'), blobs('delete')],
  exists: [containers('read'), blobs('read')],
  getProperties: [containers('read'), blobs('read')],
  listBlobsFlat: [blobs('read')],
  listBlobsByHierarchy: [blobs('read')],
  downloadToBuffer: [blobs('read')],
  download: [blobs('read')],
  upload: [blobs('write')],
  uploadFile: [blobs('write')],
  uploadData: [blobs('write')],
  setMetadata: [containers('write'), blobs('write')],
  beginCopyFromURL: [blobs('read'), blobs('write')],
  syncCopyFromURL: [blobs('read'), blobs('write')],
  getUserDelegationKey: [
    action('Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action'),
  ],
  // These only build another client, or an address.
  getContainerClient: [],
  getBlockBlobClient: [],
  getBlobClient: [],
};

/** A signature carries no more than its signer may do; by the letters of its permissions. */
export const signatureRights: Readonly<Record<string, Right>> = {
  r: blobs('read'),
  l: blobs('read'),
  c: blobs('write'),
  w: blobs('write'),
  a: blobs('add/action'),
  d: blobs('delete'),
};

export const vaultRights: Readonly<Record<string, readonly Right[]>> = {
  getSecret: [data('Microsoft.KeyVault/vaults/secrets/getSecret/action')],
};

/**
 * Reads of Azure Resource Manager, by their path below the Batch account
 * (learn.microsoft.com/azure/role-based-access-control/permissions/compute, Microsoft.Batch).
 */
export const managementRights: Readonly<Record<string, Right>> = {
  '': action('Microsoft.Batch/batchAccounts/read'),
  '/applications/*': action('Microsoft.Batch/batchAccounts/applications/read'),
  '/applications/*/versions/*': action('Microsoft.Batch/batchAccounts/applications/versions/read'),
};

/** Needed by other than the app's own calls. */
export interface Need {
  readonly who: 'app' | 'batch' | 'person';
  readonly why: string;
  readonly rights: readonly Right[];
  /** The app setting without which there is no such need. */
  readonly onlyWith?: string;
  /** The resource without which there is no such need. */
  readonly onlyWithType?: string;
}

const QUEUES = 'Microsoft.Storage/storageAccounts/queueServices/queues';

export const needs: readonly Need[] = [
  {
    who: 'app',
    why: 'the Functions host keeps leases, keys and its package as blobs and asks for all rights on them (learn.microsoft.com/azure/azure-functions/functions-reference, "Connecting to host storage with an identity")',
    rights: [blobs('*')],
  },
  {
    who: 'app',
    why: 'Durable Functions and the blob trigger work through queues',
    rights: [
      action(`${QUEUES}/write`),
      action(`${QUEUES}/read`),
      data(`${QUEUES}/messages/read`),
      data(`${QUEUES}/messages/write`),
      data(`${QUEUES}/messages/delete`),
      data(`${QUEUES}/messages/process/action`),
    ],
  },
  {
    who: 'app',
    why: 'Durable Functions keeps histories in tables, the host its diagnostic events',
    rights: [
      action(`${TABLES}/write`),
      data(`${TABLES}/entities/read`),
      data(`${TABLES}/entities/write`),
      data(`${TABLES}/entities/delete`),
    ],
  },
  {
    who: 'app',
    why: 'Application Insights takes no other authentication',
    rights: [data('Microsoft.Insights/Telemetry/Write')],
  },
  {
    who: 'app',
    why: 'who makes a pool in a subnet joins that subnet',
    rights: [action('Microsoft.Network/virtualNetworks/subnets/join/action')],
    onlyWith: 'POOL_SUBNET_ID',
  },
  {
    who: 'app',
    why: 'Durable Functions keeps its state in the scheduler',
    rights: [data('Microsoft.DurableTask/schedulers/taskhubs/*')],
    onlyWith: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING',
  },
  {
    who: 'batch',
    why: 'Batch keeps application packages in its auto-storage account',
    rights: [blobs('read'), blobs('write'), containers('write')],
  },
  {
    who: 'person',
    why: 'drops inputs, fetches results',
    rights: [blobs('read'), blobs('write'), blobs('delete')],
  },
  {
    who: 'person',
    why: 'stores the secrets that workloads name',
    rights: [data('Microsoft.KeyVault/vaults/secrets/setSecret/action')],
  },
  {
    who: 'person',
    why: 'looks at pools and jobs, and deletes one that was left',
    rights: [
      action('Microsoft.Batch/batchAccounts/pools/delete'),
      data('Microsoft.Batch/batchAccounts/jobs/delete'),
    ],
  },
  {
    who: 'person',
    why: "looks into the scheduler's dashboard",
    rights: [data('Microsoft.DurableTask/schedulers/taskhubs/*')],
    onlyWithType: 'Microsoft.DurableTask/schedulers',
  },
  {
    who: 'person',
    why: 'pushes images',
    rights: [action('Microsoft.ContainerRegistry/registries/push/write')],
    onlyWithType: 'Microsoft.ContainerRegistry/registries',
  },
];
