/**
 * What a refused request would have needed. Storage and Batch say only that something is missing, so
 * the app says what: by the request itself, the first row that fits
 * (learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory,
 * learn.microsoft.com/azure/batch/batch-role-based-access-control).
 *
 * Unconfirmed: that Batch counts nodes and their files with pools, tasks and their files with jobs,
 * and the list of supported images with the account.
 */
export type ServiceKind = 'storage' | 'batch' | 'management' | 'vault';

/** Who asks: an identity by its client id, where one was set, or whoever has the account's key. */
export type Caller =
  | { readonly kind: 'identity'; readonly clientId: string | null }
  | { readonly kind: 'key' };

/** Where nobody said who it is. */
export const UNNAMED: Caller = { kind: 'identity', clientId: null };

export interface RequestedAccess {
  readonly method: string;
  /** The whole address; what `base` has of its path does not count. */
  readonly url: string;
  readonly base: string;
}

/** The role that the deployment gives the app, which has every right that is named below. */
const roles: Readonly<Record<ServiceKind, string>> = {
  storage: 'Storage Blob Data Owner',
  batch: 'Azure Batch Data Contributor',
  management: 'Azure Batch Data Contributor',
  vault: 'Key Vault Secrets User',
};

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices';
const BATCH = 'Microsoft.Batch/batchAccounts';

/** Method and path with query of what was asked, and the right for it. */
const rows: Readonly<Record<ServiceKind, readonly (readonly [RegExp, string])[]>> = {
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
    [/^GET \/applications\b/, `${BATCH}/applications/read`],
    [/^GET \/supportedimages\b/, `${BATCH}/read`],
  ],
  // Below the Batch account.
  management: [
    [/^GET \/applications\//, `${BATCH}/applications/read`],
    [/^GET \?/, `${BATCH}/read`],
  ],
  vault: [[/^GET \/secrets\//, 'Microsoft.KeyVault/vaults/secrets/getSecret/action']],
};

/** Null for a request of which no row knows. */
export function rightFor(
  service: ServiceKind,
  { method, url, base }: RequestedAccess,
): string | null {
  const { pathname, search } = new URL(url);
  const path = pathname.slice(new URL(base).pathname.replace(/\/$/, '').length);
  const asked = `${method} ${path}${search}`;
  return rows[service].find(([form]) => form.test(asked))?.[1] ?? null;
}

/** `place` is what refused: "storage account x". */
export function deniedBy(place: string, caller: Caller, said: string): string {
  if (caller.kind === 'key') return `${place} refuses the key that is set: ${said}`;
  const who = caller.clientId === null ? 'this identity' : `the identity ${caller.clientId}`;
  return `${place} refuses ${who}: ${said}`;
}

/** What to do about it. A network that keeps the app out is no matter of roles. */
export function remedyFor(
  service: ServiceKind,
  caller: Caller,
  right: string | null,
  said: string,
): string {
  if (caller.kind === 'key') return 'check the key, or use an identity';
  const role = `give it the role ${roles[service]} there`;
  const rule = right === null ? role : `this takes the right ${right}; ${role}`;
  return isOfNetwork(said) ? `let the app in through the network rules there, or: ${rule}` : rule;
}

/** AuthorizationFailure is what storage says to who comes from outside its network; a vault names the address. */
function isOfNetwork(said: string): boolean {
  return /\bAuthorizationFailure\b|Client address is not authorized|public network access/i.test(
    said,
  );
}
