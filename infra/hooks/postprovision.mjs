// After `azd provision`: a secret that a workload names, that may be random, and that does not exist
// yet, is created. Bicep cannot do this: it creates another random value in every deployment.
// A secret that exists is never read and never changed.

import { randomBytes } from 'node:crypto';
import { app, manage, runHook, say, settings } from './azure.mjs';

/** Random keys of the app's own. Every other secret has a value that only its owner knows. */
const MADE_AT_RANDOM = new Set(['report-signing-key']);

await runHook(async () => {
  const [subscription, group, vault] = settings(
    'AZURE_SUBSCRIPTION_ID',
    'AZURE_RESOURCE_GROUP',
    'NIGHTSHIFT_VAULT',
  );
  for (const name of app.secrets) {
    const secret = `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.KeyVault/vaults/${vault}/secrets/${name}?api-version=2024-11-01`;
    if ((await manage('GET', secret)) !== null) {
      say(`secret ${name}: there already`);
    } else if (MADE_AT_RANDOM.has(name)) {
      const value = randomBytes(32).toString('base64url');
      await manage('PUT', secret, { properties: { value, contentType: 'random key' } });
      say(`secret ${name}: made`);
    } else {
      say(`secret ${name}: MISSING. A workload names it, and its runs fail until you store it:`);
      say(`  az keyvault secret set --vault-name ${vault} --name ${name} --file <file>`);
    }
  }
});
