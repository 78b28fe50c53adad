import type { SecretClient } from '@azure/keyvault-secrets';
import { Failure } from '../failure';
import type { Secrets } from '../run/ports';

/** The Secrets port on `@azure/keyvault-secrets`. A secret is read when it is needed and kept nowhere. */
export function secretsOn(client: SecretClient): Secrets {
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
        throw failureOf(error, place);
      }
    },
  };
}

/** The SDK's error carries the request; only what it says goes on. */
function failureOf(error: unknown, place: string): Failure {
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  const said = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  if (statusCode === 404)
    return new Failure('secretMissing', `${place} does not exist; store it there`);
  if (statusCode === 401 || statusCode === 403) {
    return new Failure(
      'accessDenied',
      `${place} may not be read by this identity (${code ?? statusCode}); give it the role Key Vault Secrets User`,
    );
  }
  return new Failure('serviceUnavailable', `${place} cannot be read just now: ${said}`);
}

/** Stands where no vault is set: a workload that needs one has been refused at start. */
export const noSecrets: Secrets = {
  read: async (name) => {
    throw new Failure('secretMissing', `secret ${name} cannot be read: KEY_VAULT_URI is not set`);
  },
};
