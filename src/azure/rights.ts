/**
 * The Azure RBAC actions and roles that a denied request requires. The responses of Storage and
 * Batch do not name the missing action, so the app derives it from the request
 * (learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory,
 * learn.microsoft.com/azure/batch/batch-role-based-access-control).
 *
 * Unconfirmed: that Batch checks the actions of pools for nodes and their files, the actions of jobs
 * for tasks and their files, and the read action of the account for the supported images.
 */

export type ServiceKind = 'storage' | 'batch' | 'management' | 'vault';

/** The identity of the app, by its client id if one is set, or the account key. */
export type Caller =
  | { readonly kind: 'identity'; readonly clientId: string | null }
  | { readonly kind: 'key' };

/** An identity whose client id is not set. */
export const UNKNOWN_IDENTITY: Caller = { kind: 'identity', clientId: null };

export interface RequestedAccess {
  readonly method: string;
  /** The complete URL. The path of `base` is not part of the match. */
  readonly url: string;
  readonly base: string;
}

/** The role that the deployment assigns to the app, which includes every action below. */
const roles: Readonly<Record<ServiceKind, string>> = {
  storage: 'Storage Blob Data Owner',
  batch: 'Azure Batch Data Contributor',
  management: 'Azure Batch Data Contributor',
  vault: 'Key Vault Secrets User',
};

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices';
const BATCH = 'Microsoft.Batch/batchAccounts';

/** Patterns of "method path?query" with the required action. The first match applies. */
const rights: Readonly<Record<ServiceKind, readonly (readonly [RegExp, string])[]>> = {
  storage: [
    [/^POST \/?\?.*comp=userdelegationkey/, `${BLOBS}/generateUserDelegationKey/action`],
    [/^GET \/?\?.*comp=list/, `${BLOBS}/containers/read`],
    [/^GET \/[^/?]+\?.*comp=list/, `${BLOBS}/containers/blobs/read`],
    [/^(GET|HEAD) \/[^/?]+\?/, `${BLOBS}/containers/read`],
    [/^PUT \/[^/?]+\?/, `${BLOBS}/containers/write`],
    [/^DELETE \/[^/?]+\?/, `${BLOBS}/containers/delete`],
    [/^(GET|HEAD) /, `${BLOBS}/containers/blobs/read`],
    [/^DELETE /, `${BLOBS}/containers/blobs/delete`],
    [/^PUT /, `${BLOBS}/containers/blobs/write`],
  ],
  batch: [
    [/^(GET|HEAD) \/(pools|nodecounts)\b/, `${BATCH}/pools/read`],
    [/^DELETE \/pools\/[^/?]+(\?|$)/, `${BATCH}/pools/delete`],
    [/^\w+ \/pools\b/, `${BATCH}/pools/write`],
    [/^(GET|HEAD) \/jobs\b/, `${BATCH}/jobs/read`],
    [/^DELETE \/jobs\/[^/?]+(\?|$)/, `${BATCH}/jobs/delete`],
    [/^\w+ \/jobs\b/, `${BATCH}/jobs/write`],
    [/^GET \/jobschedules\b/, `${BATCH}/jobSchedules/read`],
    [/^GET \/applications\b/, `${BATCH}/applications/read`],
    [/^GET \/supportedimages\b/, `${BATCH}/read`],
  ],
  // Paths relative to the Batch account.
  management: [
    [/^GET \/applications\/[^/]+\/versions\//, `${BATCH}/applications/versions/read`],
    [/^GET \/applications\//, `${BATCH}/applications/read`],
    [/^GET \?/, `${BATCH}/read`],
  ],
  vault: [[/^GET \/secrets\//, 'Microsoft.KeyVault/vaults/secrets/getSecret/action']],
};

/** The action that a request requires; null when no pattern matches. */
export function rightFor(
  service: ServiceKind,
  { method, url, base }: RequestedAccess,
): string | null {
  const { pathname, search } = new URL(url);
  const path = pathname.slice(new URL(base).pathname.replace(/\/$/, '').length);
  const request = `${method} ${path}${search}`;
  return rights[service].find(([pattern]) => pattern.test(request))?.[1] ?? null;
}

/** Formats a denial. `resource` names what denied the request, for example "storage account x". */
export function deniedBy(resource: string, caller: Caller, message: string): string {
  if (caller.kind === 'key') return `${resource} rejected the configured key: ${message}`;
  const identity = caller.clientId === null ? 'this identity' : `the identity ${caller.clientId}`;
  return `${resource} denied access to ${identity}: ${message}`;
}

/** Formats what to do about a denial: change the key, the network rules or the role assignments. */
export function remedyFor(
  service: ServiceKind,
  caller: Caller,
  right: string | null,
  message: string,
): string {
  if (caller.kind === 'key') return 'check the key, or use an identity';
  const role = `assign it the role ${roles[service]} there`;
  const assignment = right === null ? role : `this requires the action ${right}; ${role}`;
  return isNetworkDenial(message)
    ? `allow the app in the network rules there, or: ${assignment}`
    : assignment;
}

/** Storage returns AuthorizationFailure for a request from outside its network; a vault names the address. */
function isNetworkDenial(message: string): boolean {
  return /\bAuthorizationFailure\b|Client address is not authorized|public network access/i.test(
    message,
  );
}
