import type { SecretClient } from '@azure/keyvault-secrets';
import { Failure, formatError } from '../failure';
import type { Secrets } from '../run/ports';
import { deniedBy, remedyFor, rightFor, UNKNOWN_IDENTITY, type Caller } from './rights';

/** The Secrets port on `@azure/keyvault-secrets`. Secrets are read on demand and never cached. */
export function secretsOn(client: SecretClient, caller: Caller = UNKNOWN_IDENTITY): Secrets {
  return {
    async read(name) {
      try {
        const { value } = await client.getSecret(name);
        if (value === undefined || value === '') {
          throw new Failure(
            'secretMissing',
            `secret ${name} of vault ${client.vaultUrl} is empty; store its value there`,
          );
        }
        return value;
      } catch (error) {
        if (error instanceof Failure) throw error;
        throw failureOf(error, name, { client, caller });
      }
    },
  };
}

interface Vault {
  readonly client: SecretClient;
  readonly caller: Caller;
}

/** Uses only the message: the SDK's error contains the request. */
function failureOf(error: unknown, name: string, { client, caller }: Vault): Failure {
  const { statusCode } = error as { statusCode?: number };
  const vault = `vault ${client.vaultUrl}`;
  const secret = `secret ${name} of ${vault}`;
  if (statusCode === 404)
    return new Failure('secretMissing', `${secret} does not exist; store it there`);
  const message = messageOf(error);
  if (statusCode === 401 || statusCode === 403) {
    const url = new URL(`secrets/${name}`, `${client.vaultUrl}/`).href;
    const right = rightFor('vault', { method: 'GET', url, base: client.vaultUrl });
    const remedy = remedyFor('vault', caller, right, message);
    const denial = deniedBy(vault, caller, message);
    return new Failure('accessDenied', `cannot read secret ${name}: ${denial}; ${remedy}`);
  }
  return new Failure('serviceUnavailable', `${secret} cannot be read at the moment: ${message}`);
}

/** Keeps the lines in which a vault names the caller and the denied action. */
function messageOf(error: unknown): string {
  const { code } = error as { code?: string };
  const [first = '', ...lines] = formatError(error).split(/\r?\n/);
  const details = lines.filter((line) => /^(Caller|Action|Client address): /.test(line));
  const message = [first, ...details].join(' ').trim();
  return code === undefined || message.includes(code) ? message : `${message} [${code}]`;
}

/** Used when no vault is configured. Workloads that need one are rejected when the app starts. */
export const noSecrets: Secrets = {
  read: async (name) => {
    throw new Failure('secretMissing', `secret ${name} cannot be read: KEY_VAULT_URI is not set`);
  },
};
