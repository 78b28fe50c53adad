import type { SecretClient } from '@azure/keyvault-secrets';
import { Failure, formatError } from '../failure';
import type { Secrets } from '../run/ports';
import { deniedBy, remedyFor, rightFor, UNNAMED, type Caller } from './rights';

/** The Secrets port on `@azure/keyvault-secrets`. A secret is read when it is needed and kept nowhere. */
export function secretsOn(client: SecretClient, caller: Caller = UNNAMED): Secrets {
  return {
    async read(name) {
      const place = `secret ${name} of vault ${client.vaultUrl}`;
      try {
        const { value } = await client.getSecret(name);
        if (value === undefined || value === '') {
          throw new Failure('secretMissing', `${place} is empty; store its value there`);
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

/** The SDK's error carries the request; only what it says goes on. */
function failureOf(error: unknown, name: string, { client, caller }: Vault): Failure {
  const { statusCode } = error as { statusCode?: number };
  const vault = `vault ${client.vaultUrl}`;
  const place = `secret ${name} of ${vault}`;
  if (statusCode === 404)
    return new Failure('secretMissing', `${place} does not exist; store it there`);
  const said = wordsOf(error);
  if (statusCode === 401 || statusCode === 403) {
    const url = new URL(`secrets/${name}`, `${client.vaultUrl}/`).href;
    const right = rightFor('vault', { method: 'GET', url, base: client.vaultUrl });
    const remedy = remedyFor('vault', caller, right, said);
    const refused = deniedBy(vault, caller, said);
    return new Failure('accessDenied', `cannot read secret ${name}: ${refused}; ${remedy}`);
  }
  return new Failure('serviceUnavailable', `${place} cannot be read just now: ${said}`);
}

/** A vault says in lines of their own whom it took the caller for and which action it did not allow. */
function wordsOf(error: unknown): string {
  const { code } = error as { code?: string };
  const [first = '', ...lines] = formatError(error).split(/\r?\n/);
  const telling = lines.filter((line) => /^(Caller|Action|Client address): /.test(line));
  const words = [first, ...telling].join(' ').trim();
  return code === undefined || words.includes(code) ? words : `${words} [${code}]`;
}

/** Stands where no vault is set: a workload that needs one has been refused at start. */
export const noSecrets: Secrets = {
  read: async (name) => {
    throw new Failure('secretMissing', `secret ${name} cannot be read: KEY_VAULT_URI is not set`);
  },
};
