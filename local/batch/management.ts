import type http from 'node:http';
import { realClock } from '../clock';
import type { ServerContext } from './requests';
import { sizesOffered } from './account-info/vm-sizes';
import { type Account, keyOf } from './state/account';
import type { ApplicationRecord } from './state/records';
import { checkBearer } from './wire/bearer';
import { Refusal } from './wire/refusals';

/**
 * The management plane's view of the account: its quotas, an application with its default version,
 * and the VM sizes of its region, none of which the data plane shows. Four reads of version
 * 2024-07-01, in the form of Azure Resource Manager (Azure/azure-rest-api-specs, BatchManagement.json); every other operation
 * gets 501.
 *
 * Unlike Azure: the management plane is a separate address, and knows subscriptions and resource
 * groups; here any are accepted, as long as the account is right. Dedicated cores have no quotas by
 * family.
 */
export const MANAGEMENT = /^\/subscriptions\//i;

const API_VERSION = '2024-07-01';
const AUDIENCES = ['https://management.azure.com/', 'https://management.core.windows.net/'];

const SIZES =
  /^\/subscriptions\/[^/]+\/providers\/Microsoft\.Batch\/locations\/[^/]+\/virtualMachineSkus$/i;
const READS =
  /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)\/providers\/Microsoft\.Batch\/batchAccounts\/([^/]+)(?:\/applications\/([^/]+)(?:\/versions\/([^/]+))?)?$/i;

export async function manage(
  context: ServerContext,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  const { status, body } = await replyTo(context, request);
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify(body));
}

interface ManagementReply {
  readonly status: number;
  readonly body: object;
}

async function replyTo(
  context: ServerContext,
  request: http.IncomingMessage,
): Promise<ManagementReply> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const failure = await authenticationError(context, request);
  if (failure !== null) return errorReply(401, 'InvalidAuthenticationToken', failure);
  const version = searchParams.get('api-version');
  if (request.method === 'GET' && version === API_VERSION && SIZES.test(pathname)) {
    return { status: 200, body: { value: sizesOffered(context.account.addedSizes) } };
  }
  const [id, group = '', name = '', application, packageVersion] = READS.exec(pathname) ?? [];
  if (request.method !== 'GET' || id === undefined || version !== API_VERSION) {
    const requested = `${request.method ?? ''} ${pathname} of version ${version ?? '(none)'}`;
    return errorReply(
      501,
      'NotImplemented',
      `the local management plane does not imitate ${requested}`,
    );
  }
  const { account } = context;
  if (keyOf(name) !== keyOf(account.options.name)) {
    const message = `The Resource 'Microsoft.Batch/batchAccounts/${name}' under resource group '${group}' was not found.`;
    return errorReply(404, 'ResourceNotFound', message);
  }
  if (application === undefined) return { status: 200, body: accountView(account, id) };
  const found = account.applications.get(keyOf(application));
  // Unconfirmed: the code and the message.
  if (found === undefined)
    return errorReply(404, 'ApplicationNotFound', 'The specified application does not exist.');
  if (packageVersion === undefined) return { status: 200, body: applicationView(found, id) };
  return versionReply(context, found, packageVersion, id);
}

/** A version of an application, with the address of its archive as it was uploaded. */
function versionReply(
  { account }: ServerContext,
  application: ApplicationRecord,
  version: string,
  id: string,
): ManagementReply {
  if (!application.versions.includes(version)) {
    // Unconfirmed: the code and the message.
    const message = 'The specified application package does not exist.';
    return errorReply(404, 'ApplicationPackageNotFound', message);
  }
  const storageUrl = account.options.packageStore?.addressOf(application.id, version);
  const properties = {
    state: 'Active',
    format: 'zip',
    ...(storageUrl !== undefined && { storageUrl }),
  };
  const type = 'Microsoft.Batch/batchAccounts/applications/versions';
  return { status: 200, body: { id, name: version, type, properties } };
}

/** The reason why the caller is not authenticated, or null. */
async function authenticationError(
  context: ServerContext,
  request: http.IncomingMessage,
): Promise<string | null> {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) return "The 'Authorization' header is missing or is not a bearer token.";
  try {
    await checkBearer(token, context.entra, realClock.now().getTime(), AUDIENCES);
    return null;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.details.map(({ value }) => value).join('; ');
  }
}

function accountView({ options, quotas, url }: Account, id: string): object {
  return {
    id,
    name: options.name,
    type: 'Microsoft.Batch/batchAccounts',
    location: 'local',
    properties: {
      accountEndpoint: new URL(url).host,
      provisioningState: 'Succeeded',
      poolAllocationMode: 'BatchService',
      poolQuota: quotas.pools,
      activeJobAndJobScheduleQuota: quotas.activeJobsAndSchedules,
      dedicatedCoreQuota: quotas.dedicatedCores,
      dedicatedCoreQuotaPerVMFamily: [],
      dedicatedCoreQuotaPerVMFamilyEnforced: false,
      lowPriorityCoreQuota: quotas.lowPriorityCores,
      autoStorage: {
        storageAccountId: `${id.replace(/\/providers\/.*$/, '')}/providers/Microsoft.Storage/storageAccounts/local`,
        authenticationMode: options.autoStorageMode,
      },
    },
  };
}

function applicationView(application: ApplicationRecord, id: string): object {
  const { displayName, defaultVersion } = application;
  return {
    id,
    name: application.id,
    type: 'Microsoft.Batch/batchAccounts/applications',
    properties: {
      allowUpdates: true,
      ...(displayName !== undefined && { displayName }),
      ...(defaultVersion !== undefined && { defaultVersion }),
    },
  };
}

function errorReply(status: number, code: string, message: string): ManagementReply {
  return { status, body: { error: { code, message } } };
}
