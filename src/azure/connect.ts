import { BatchServiceClient, BatchSharedKeyCredentials } from '@azure/batch';
import {
  DefaultAzureCredential,
  ManagedIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { AzureIdentityCredentialAdapter, type ServiceClientCredentials } from '@azure/ms-rest-js';
import { BlobServiceClient } from '@azure/storage-blob';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchAccount, Ports, Secrets } from '../run/ports';
import type { Settings } from '../settings';
import { batchOn } from './batch/batch';
import { httpWithoutOwnRetries } from './batch/http';
import type { RetryPacing } from './batch/calls';
import { cloudOf } from './clouds';
import { noSecrets, secretsOn } from './key-vault';
import { accountOn } from './management';
import { filesOn } from './storage';

/** Clients and credentials, chosen by what is set. Nothing here asks where the app runs. */
export function connect(settings: Settings): Ports {
  const credential = credentialFor(settings);
  const secrets = secretsFor(settings, credential);
  const batch = batchClientFor(settings, credential, secrets);
  const identity = { kind: 'identity', clientId: settings.identity.clientId } as const;
  const key = { kind: 'key' } as const;
  const account = accountFor(settings, credential);
  return {
    batch: batchOn(batch, pacingOf(settings), settings.batch.accountKey === null ? identity : key),
    files: filesOn(
      blobServiceFor(settings, credential),
      () => new Date(),
      settings.storage.kind === 'connectionString' ? key : identity,
    ),
    secrets,
    ...(account !== undefined && { account }),
  };
}

/** Resource Manager takes no key of a Batch account. */
function accountFor(settings: Settings, credential: TokenCredential): BatchAccount | undefined {
  const { batch, management, identity } = settings;
  if (management === null || batch.accountKey !== null) return undefined;
  const cloud = cloudOf(batch.endpoint);
  return accountOn({
    endpoint: management.endpoint ?? cloud.management,
    accountId: management.accountId,
    credential,
    scope: `${cloud.management}/.default`,
    caller: { kind: 'identity', clientId: identity.clientId },
    pause: pacingOf(settings).pause,
  });
}

function pacingOf({ serviceRetries: retries }: Settings): RetryPacing {
  return { pause: (milliseconds) => sleep(milliseconds), chance: () => Math.random(), retries };
}

/**
 * The managed identity where the platform offers one; else whatever the person at this machine is
 * signed in with (environment, CLI, editor).
 */
export function credentialFor({ identity }: Settings): TokenCredential {
  if (!identity.managed) return new DefaultAzureCredential();
  return identity.clientId === null
    ? new ManagedIdentityCredential()
    : new ManagedIdentityCredential({ clientId: identity.clientId });
}

export function batchClientFor(
  settings: Pick<Settings, 'batch'>,
  credential: TokenCredential,
  secrets: Secrets,
): BatchServiceClient {
  const credentials = batchCredentials(settings, credential, secrets);
  return new BatchServiceClient(credentials, settings.batch.endpoint, {
    // Its own retries sleep half a minute and more, and never repeat a 429: ours take their place.
    noRetryPolicy: true,
    httpClient: httpWithoutOwnRetries(),
  });
}

function batchCredentials(
  { batch }: Pick<Settings, 'batch'>,
  credential: TokenCredential,
  secrets: Secrets,
): ServiceClientCredentials {
  const { accountKey } = batch;
  if (accountKey === null) {
    // Given a bare credential the client asks for a token for Resource Manager, which Batch refuses.
    return new AzureIdentityCredentialAdapter(credential, cloudOf(batch.endpoint).batchScope);
  }
  if (accountKey.kind === 'key')
    return new BatchSharedKeyCredentials(accountKey.name, accountKey.key);
  return {
    signRequest: async (request) => {
      const key = await secrets.read(accountKey.secret);
      return new BatchSharedKeyCredentials(accountKey.name, key).signRequest(request);
    },
  };
}

function blobServiceFor(
  { storage, serviceRetries }: Settings,
  credential: TokenCredential,
): BlobServiceClient {
  const options = { retryOptions: { maxTries: serviceRetries + 1 } };
  return storage.kind === 'connectionString'
    ? BlobServiceClient.fromConnectionString(storage.text, options)
    : new BlobServiceClient(storage.blobServiceUri, credential, options);
}

/**
 * A vault names the resource its tokens are for, and the client checks that this is its own domain.
 * A vault on the loopback address has no domain to check; every other one is checked.
 */
function secretsFor(
  { vaultUri, identity, serviceRetries: maxRetries }: Settings,
  credential: TokenCredential,
): Secrets {
  if (vaultUri === null) return noSecrets;
  const { hostname } = new URL(vaultUri);
  const disableChallengeResourceVerification = hostname === '127.0.0.1' || hostname === 'localhost';
  return secretsOn(
    new SecretClient(vaultUri, credential, {
      disableChallengeResourceVerification,
      retryOptions: { maxRetries },
    }),
    { kind: 'identity', clientId: identity.clientId },
  );
}
