/**
 * Azure's built-in roles, as far as this deployment assigns them: the rights of each on the
 * management plane (actions) and on the data plane (data actions). Batch has both: pools and nodes
 * are actions although the same service handles them, jobs and tasks are data actions
 * (learn.microsoft.com/azure/batch/batch-role-based-access-control).
 */
export interface Role {
  readonly id: string;
  readonly actions: readonly string[];
  readonly dataActions: readonly string[];
}

/** One right of an identity. */
export interface Right {
  readonly plane: 'action' | 'dataAction';
  readonly name: string;
}

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices';
const QUEUES = 'Microsoft.Storage/storageAccounts/queueServices/queues';
const TABLES = 'Microsoft.Storage/storageAccounts/tableServices/tables';
const BATCH = 'Microsoft.Batch/batchAccounts';

export const builtInRoles = {
  'Storage Blob Data Owner': {
    id: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
    actions: [`${BLOBS}/containers/*`, `${BLOBS}/generateUserDelegationKey/action`],
    dataActions: [`${BLOBS}/containers/blobs/*`],
  },
  'Storage Blob Data Contributor': {
    id: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
    actions: [
      `${BLOBS}/containers/delete`,
      `${BLOBS}/containers/read`,
      `${BLOBS}/containers/write`,
      `${BLOBS}/generateUserDelegationKey/action`,
    ],
    dataActions: [
      `${BLOBS}/containers/blobs/delete`,
      `${BLOBS}/containers/blobs/read`,
      `${BLOBS}/containers/blobs/write`,
      `${BLOBS}/containers/blobs/move/action`,
      `${BLOBS}/containers/blobs/add/action`,
    ],
  },
  'Storage Queue Data Contributor': {
    id: '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
    actions: [`${QUEUES}/delete`, `${QUEUES}/read`, `${QUEUES}/write`],
    dataActions: [
      `${QUEUES}/messages/delete`,
      `${QUEUES}/messages/read`,
      `${QUEUES}/messages/write`,
      `${QUEUES}/messages/process/action`,
    ],
  },
  'Storage Table Data Contributor': {
    id: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3',
    actions: [`${TABLES}/read`, `${TABLES}/write`, `${TABLES}/delete`],
    dataActions: [
      `${TABLES}/entities/read`,
      `${TABLES}/entities/write`,
      `${TABLES}/entities/delete`,
      `${TABLES}/entities/add/action`,
      `${TABLES}/entities/update/action`,
    ],
  },
  'Azure Batch Data Contributor': {
    id: '6aaa78f1-f7de-44ca-8722-c64a23943cae',
    actions: [
      `${BATCH}/read`,
      `${BATCH}/applications/*`,
      `${BATCH}/certificates/*`,
      `${BATCH}/certificateOperationResults/*`,
      `${BATCH}/pools/*`,
      `${BATCH}/poolOperationResults/*`,
      'Microsoft.Batch/locations/*/read',
    ],
    dataActions: [`${BATCH}/jobSchedules/*`, `${BATCH}/jobs/*`],
  },
  'Key Vault Secrets User': {
    id: '4633458b-17de-408a-b874-0445c86b69e6',
    actions: [],
    dataActions: [
      'Microsoft.KeyVault/vaults/secrets/getSecret/action',
      'Microsoft.KeyVault/vaults/secrets/readMetadata/action',
    ],
  },
  'Key Vault Secrets Officer': {
    id: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
    actions: ['Microsoft.KeyVault/vaults/read', 'Microsoft.KeyVault/vaults/secrets/read'],
    dataActions: ['Microsoft.KeyVault/vaults/secrets/*'],
  },
  'Monitoring Metrics Publisher': {
    id: '3913510d-42f4-4e42-8a64-420c390055eb',
    actions: [],
    dataActions: ['Microsoft.Insights/Metrics/Write', 'Microsoft.Insights/Telemetry/Write'],
  },
  'Network Contributor': {
    id: '4d97b98b-1d4f-4787-a291-c67834d212e7',
    actions: ['Microsoft.Network/*'],
    dataActions: [],
  },
  AcrPush: {
    id: '8311e382-0749-4cb8-b61a-304f252e45ec',
    actions: [
      'Microsoft.ContainerRegistry/registries/pull/read',
      'Microsoft.ContainerRegistry/registries/push/write',
    ],
    dataActions: [],
  },
  'Durable Task Data Contributor': {
    id: '0ad04412-c4d5-4796-b79c-f76d14c8d402',
    actions: [],
    dataActions: ['Microsoft.DurableTask/schedulers/taskhubs/*'],
  },
} as const satisfies Record<string, Role>;

export type RoleName = keyof typeof builtInRoles;

export function isRoleName(name: string): name is RoleName {
  return Object.hasOwn(builtInRoles, name);
}

/** A star stands for any text, slashes included; case does not matter. */
export function allows(role: Role, { plane, name }: Right): boolean {
  const patterns = plane === 'action' ? role.actions : role.dataActions;
  return patterns.some((pattern) => {
    const text = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
    return new RegExp(`^${text}$`, 'i').test(name);
  });
}
