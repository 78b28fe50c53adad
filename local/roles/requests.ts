import type { Right } from './built-in';

/**
 * The right that a request needs, for each service as rows: the first matching row counts. From
 * Microsoft's reference
 * (learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory,
 * …/azure/batch/batch-role-based-access-control, …/azure/key-vault/general/rbac-guide).
 *
 * Unconfirmed: that Batch counts nodes and their files with pools, tasks and their files with jobs,
 * and the list of supported images with the account.
 */
export type ServiceKind = 'blob' | 'queue' | 'table' | 'batch' | 'management' | 'vault';

export interface ServiceRequest {
  readonly method: string;
  /** Below the account, such as `/inbox/a.ply`; for Batch, management and vault the whole path. */
  readonly path: string;
  readonly query: URLSearchParams;
}

interface Row {
  readonly methods: readonly string[];
  readonly path: RegExp;
  /** Query parameters and their values; a star for any. */
  readonly query?: Readonly<Record<string, string>>;
  readonly right: Right;
}

const READ = ['GET', 'HEAD'];
const ANY = ['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'MERGE'];
const WRITE = ['PUT', 'POST', 'PATCH', 'MERGE'];

const action = (name: string): Right => ({ plane: 'action', name });
const data = (name: string): Right => ({ plane: 'dataAction', name });

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices';
const QUEUES = 'Microsoft.Storage/storageAccounts/queueServices/queues';
const TABLES = 'Microsoft.Storage/storageAccounts/tableServices/tables';
const BATCH = 'Microsoft.Batch/batchAccounts';
const SECRETS = 'Microsoft.KeyVault/vaults/secrets';

const ACCOUNT = /^\/?$/;
const ONE = /^\/[^/]+\/?$/;
const BELOW = /^\/[^/]+\/.+/;

const rows: Readonly<Record<ServiceKind, readonly Row[]>> = {
  blob: [
    {
      methods: ['POST'],
      path: ACCOUNT,
      query: { comp: 'userdelegationkey' },
      right: action(`${BLOBS}/generateUserDelegationKey/action`),
    },
    {
      methods: READ,
      path: ACCOUNT,
      query: { comp: 'list' },
      right: action(`${BLOBS}/containers/read`),
    },
    { methods: READ, path: ACCOUNT, right: action(`${BLOBS}/read`) },
    { methods: WRITE, path: ACCOUNT, right: action(`${BLOBS}/write`) },
    {
      methods: READ,
      path: ONE,
      query: { comp: 'list' },
      right: data(`${BLOBS}/containers/blobs/read`),
    },
    { methods: READ, path: ONE, right: action(`${BLOBS}/containers/read`) },
    { methods: ['DELETE'], path: ONE, right: action(`${BLOBS}/containers/delete`) },
    { methods: WRITE, path: ONE, right: action(`${BLOBS}/containers/write`) },
    { methods: READ, path: BELOW, right: data(`${BLOBS}/containers/blobs/read`) },
    { methods: ['DELETE'], path: BELOW, right: data(`${BLOBS}/containers/blobs/delete`) },
    { methods: WRITE, path: BELOW, right: data(`${BLOBS}/containers/blobs/write`) },
  ],
  queue: [
    { methods: READ, path: ACCOUNT, right: action(`${QUEUES}/read`) },
    { methods: READ, path: ONE, right: action(`${QUEUES}/read`) },
    { methods: ['DELETE'], path: ONE, right: action(`${QUEUES}/delete`) },
    { methods: WRITE, path: ONE, right: action(`${QUEUES}/write`) },
    {
      methods: READ,
      path: BELOW,
      query: { peekonly: 'true' },
      right: data(`${QUEUES}/messages/read`),
    },
    { methods: READ, path: BELOW, right: data(`${QUEUES}/messages/process/action`) },
    { methods: ['DELETE'], path: BELOW, right: data(`${QUEUES}/messages/delete`) },
    { methods: WRITE, path: BELOW, right: data(`${QUEUES}/messages/write`) },
  ],
  table: [
    { methods: READ, path: /^\/Tables\b/i, right: action(`${TABLES}/read`) },
    { methods: WRITE, path: /^\/Tables\b/i, right: action(`${TABLES}/write`) },
    { methods: ['DELETE'], path: /^\/Tables\b/i, right: action(`${TABLES}/delete`) },
    { methods: READ, path: ONE, right: data(`${TABLES}/entities/read`) },
    { methods: ['DELETE'], path: ONE, right: data(`${TABLES}/entities/delete`) },
    { methods: WRITE, path: ONE, right: data(`${TABLES}/entities/write`) },
  ],
  batch: [
    { methods: READ, path: /^\/(pools|nodecounts)\b/, right: action(`${BATCH}/pools/read`) },
    {
      methods: ANY,
      path: /^\/pools\/[^/]+\/evaluateautoscale/,
      right: action(`${BATCH}/pools/read`),
    },
    { methods: ['DELETE'], path: /^\/pools\/[^/]+\/?$/, right: action(`${BATCH}/pools/delete`) },
    { methods: ANY, path: /^\/pools\b/, right: action(`${BATCH}/pools/write`) },
    { methods: READ, path: /^\/applications\b/, right: action(`${BATCH}/applications/read`) },
    { methods: READ, path: /^\/supportedimages\b/, right: action(`${BATCH}/read`) },
    { methods: READ, path: /^\/jobs\b/, right: data(`${BATCH}/jobs/read`) },
    { methods: ['DELETE'], path: /^\/jobs\/[^/]+\/?$/, right: data(`${BATCH}/jobs/delete`) },
    { methods: ANY, path: /^\/jobs\b/, right: data(`${BATCH}/jobs/write`) },
    { methods: READ, path: /^\/jobschedules\b/, right: data(`${BATCH}/jobSchedules/read`) },
    {
      methods: ['DELETE'],
      path: /^\/jobschedules\/[^/]+\/?$/,
      right: data(`${BATCH}/jobSchedules/delete`),
    },
    { methods: ANY, path: /^\/jobschedules\b/, right: data(`${BATCH}/jobSchedules/write`) },
  ],
  management: [
    {
      methods: READ,
      path: /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Batch\/locations\/[^/]+\/virtualMachineSkus\/?$/i,
      // A role on the account allows this action there, and the sizes are the subscription's.
      right: action('Microsoft.Batch/locations/virtualMachineSkus/read on the subscription'),
    },
    {
      methods: READ,
      path: /\/Microsoft\.Batch\/batchAccounts\/[^/]+\/applications\/[^/]+\/versions\/[^/]+\/?$/i,
      right: action(`${BATCH}/applications/versions/read`),
    },
    {
      methods: READ,
      path: /\/Microsoft\.Batch\/batchAccounts\/[^/]+\/applications\/[^/]+\/?$/i,
      right: action(`${BATCH}/applications/read`),
    },
    {
      methods: READ,
      path: /\/Microsoft\.Batch\/batchAccounts\/[^/]+\/?$/i,
      right: action(`${BATCH}/read`),
    },
  ],
  vault: [
    { methods: READ, path: /^\/secrets\/?$/, right: data(`${SECRETS}/readMetadata/action`) },
    {
      methods: READ,
      path: /^\/secrets\/[^/]+\/versions/,
      right: data(`${SECRETS}/readMetadata/action`),
    },
    { methods: READ, path: /^\/secrets\//, right: data(`${SECRETS}/getSecret/action`) },
    { methods: WRITE, path: /^\/secrets\//, right: data(`${SECRETS}/setSecret/action`) },
    { methods: ['DELETE'], path: /^\/secrets\//, right: data(`${SECRETS}/delete`) },
  ],
};

/** Undefined for a request without a row: it is forwarded, and the service decides. */
export function rightFor(
  service: ServiceKind,
  { method, path, query }: ServiceRequest,
): Right | undefined {
  return rows[service].find(
    (row) =>
      row.methods.includes(method) &&
      row.path.test(path) &&
      Object.entries(row.query ?? {}).every(([name, value]) => query.get(name) === value),
  )?.right;
}
