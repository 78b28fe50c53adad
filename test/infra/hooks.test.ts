import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BLOB_WEBHOOK } from '../../local/functions/triggers/event-grid';
import { mistakesOf, type TypeTables } from './bicep/types';
import type { Value } from './bicep/values';
import { jsonAt, planFor, profiles, root, textAt } from './deployment';
import { HOOK_ENVIRONMENT, Machine } from './management';

let machine: Machine;
beforeEach(async () => {
  machine = await new Machine().start();
});
afterEach(() => machine.stop());

const SECRET =
  '/subscriptions/sub/resourceGroups/rg-try/providers/Microsoft.KeyVault/vaults/kv-try/secrets/report-signing-key';
const TOPIC =
  '/subscriptions/sub/resourceGroups/rg-try/providers/Microsoft.EventGrid/systemTopics/evgt-try/eventSubscriptions';

test('the signing key is created once, at random, and never printed [RS8, RS12, GD19]', async () => {
  const first = await machine.run('postprovision');
  const value = String(machine.management.resources.get(SECRET)?.properties['value']);
  expect(first).toEqual({ code: 0, out: 'secret report-signing-key: made\n', error: '', left: [] });
  expect(Buffer.from(value, 'base64url')).toHaveLength(32);

  const second = await machine.run('postprovision');
  expect(second.out).toBe('secret report-signing-key: there already\n');
  expect(machine.management.resources.get(SECRET)?.properties['value']).toBe(value);
  expect(machine.management.writes).toEqual([
    'PUT Microsoft.KeyVault/vaults/kv-try/secrets/report-signing-key',
  ]);
});

test('the Event Grid subscription is created once; a second run changes nothing [RS8, RS12]', async () => {
  machine.management.keyAfter = 2;
  const first = await machine.run('postdeploy');
  expect(first).toEqual({
    code: 0,
    out: 'waiting for the key of func-try for blob events\nevent subscription blob-render-blob: set for container inbox\n',
    error: '',
    left: [],
  });
  const second = await machine.run('postdeploy');
  expect(second.out).toBe('event subscription blob-render-blob: right already\n');
  expect(machine.management.writes).toEqual([
    'PUT Microsoft.EventGrid/systemTopics/evgt-try/eventSubscriptions/blob-render-blob',
  ]);
});

test('the subscription conforms to the type tables and targets the function that the app registers', async () => {
  await machine.run('postdeploy');
  const { provisioningState: _, ...properties } =
    machine.management.resources.get(`${TOPIC}/blob-render-blob`)?.properties ?? {};
  const tables = jsonAt<TypeTables>('test/infra/bicep/types.json');
  const resource = {
    file: 'infra/hooks/postdeploy.mjs',
    symbol: 'subscription',
    type: 'Microsoft.EventGrid/systemTopics/eventSubscriptions',
    version: '2025-02-15',
    name: 'blob-render-blob',
    id: TOPIC,
    scopeId: null,
    body: { name: 'blob-render-blob', properties: properties as Record<string, Value> },
  };
  expect(mistakesOf(resource, tables)).toEqual([]);

  const { destination, filter } = properties as {
    destination: { properties: { endpointUrl: string } };
    filter: object;
  };
  const url = new URL(destination.properties.endpointUrl);
  expect(url.origin).toBe(HOOK_ENVIRONMENT.SERVICE_APP_URL);
  expect(url.pathname).toBe(BLOB_WEBHOOK);
  expect(Object.fromEntries(url.searchParams)).toEqual({
    functionName: 'Host.Functions.render-blob',
    code: machine.management.key,
  });
  expect(filter).toEqual({
    includedEventTypes: ['Microsoft.Storage.BlobCreated'],
    subjectBeginsWith: '/blobServices/default/containers/inbox/',
  });
});

test('a subscription with an old key or another container is corrected', async () => {
  await machine.run('postdeploy');
  const there = machine.management.resources.get(`${TOPIC}/blob-render-blob`);
  if (there === undefined) throw new Error('nothing was set');
  there.properties['filter'] = { subjectBeginsWith: '/blobServices/default/containers/old/' };
  expect((await machine.run('postdeploy')).out).toContain('set for container inbox');
  expect(machine.management.writes).toHaveLength(2);
});

test('the subscription of a removed function is deleted, and foreign ones are kept', async () => {
  const properties = { provisioningState: 'Succeeded' };
  machine.management.resources.set(`${TOPIC}/blob-gone`, { properties });
  machine.management.resources.set(`${TOPIC}/billing`, { properties });
  const { out } = await machine.run('postdeploy');
  expect(out).toContain('event subscription blob-gone: its function is gone, taken away');
  expect([...machine.management.resources.keys()].sort()).toEqual([
    `${TOPIC}/billing`,
    `${TOPIC}/blob-render-blob`,
  ]);
});

test('a call to a busy service is retried, a refusal is shown with its message, without keys, and nothing is left behind [RS12]', async () => {
  machine.management.upsets.push({ status: 503, body: '' }, { status: 429, body: '' });
  expect((await machine.run('postprovision')).code).toBe(0);

  const before = readdirSync(path.join(root, 'infra/hooks'));
  machine.management.upsets.push({
    status: 403,
    body: JSON.stringify({
      error: { code: 'AuthorizationFailed', message: 'no right to https://x?code=abc123\nmore' },
    }),
  });
  expect(await machine.run('postprovision')).toEqual({
    code: 1,
    out: '',
    error:
      'GET /subscriptions/sub/resourceGroups/rg-try/providers/Microsoft.KeyVault/vaults/kv-try/secrets/report-signing-key?api-version=2024-11-01 answered 403: AuthorizationFailed: no right to https://x?code=***\n',
    left: [],
  });
  expect(readdirSync(path.join(root, 'infra/hooks'))).toEqual(before);
});

test('an app that is still starting, and does not answer Event Grid at once, is waited for [RS8]', async () => {
  machine.management.startsFor = 2;
  machine.management.refusesEvents = 2;
  const { code, out, error } = await machine.run('postdeploy');

  expect([code, error]).toEqual([0, '']);
  expect(out).toBe(
    [
      'waiting for the key of func-try for blob events',
      'waiting for event subscription blob-render-blob',
      'event subscription blob-render-blob: set for container inbox',
      '',
    ].join('\n'),
  );
});

test('an app that never answers Event Grid ends the hook with the address', async () => {
  machine.management.refusesEvents = 9;
  const { code, error } = await machine.run('postdeploy');

  expect(code).toBe(1);
  expect(error).toContain(
    'event subscription blob-render-blob: the app did not answer Event Grid at https://func-try.azurewebsites.net',
  );
  expect(machine.management.writes).toHaveLength(3);
});

test("a refusal in App Service's other format is shown with its message, too", async () => {
  const body = JSON.stringify({ Code: 'Conflict', Message: 'the site is stopped' });
  machine.management.upsets.push({ status: 409, body });

  expect((await machine.run('postdeploy')).error).toContain(
    'answered 409: Conflict: the site is stopped',
  );
});

test('a key that never becomes available ends the hook with advice [RS12]', async () => {
  machine.management.keyAfter = 1000;
  const { code, error, left } = await machine.run('postdeploy', { timeoutSeconds: 0.1 });
  expect([code, left]).toEqual([1, []]);
  expect(error).toBe(
    'the key of func-try for blob events: not there after 0.1 seconds; look at the app\'s log, then run "azd hooks run postdeploy"\n',
  );
});

test('signed out, or outside of azd, a hook explains how to sign in', async () => {
  machine.signOut();
  expect((await machine.run('postprovision')).error).toBe(
    'azd gave no token (ERROR: not logged in): run "azd auth login"\n',
  );
  expect((await machine.run('postprovision', { environment: {} })).error).toBe(
    'AZURE_SUBSCRIPTION_ID, AZURE_RESOURCE_GROUP, NIGHTSHIFT_VAULT not set: run this through azd, such as "azd provision" or "azd hooks run postdeploy"\n',
  );
});

const shells = ['dash', 'bash'].filter((name) => existsSync(path.join('/bin', name)));

test.each(['itself', 'sh', ...shells])(
  'a wrapper works from any folder by %s; azd starts it by itself [RS11]',
  async (shell) => {
    const elsewhere = { cwd: tmpdir(), ...(shell !== 'itself' && { shell }) };
    const { code, error, left } = await machine.run('postprovision', elsewhere);
    expect([code, error, left]).toEqual([0, '', []]);
    expect(machine.management.resources.has(SECRET)).toBe(true);
  },
);

test("every variable that a hook reads is azd's own or an output of the template", () => {
  const { outputs } = planFor(profiles['plain'] ?? {});
  const asked = ['postprovision', 'postdeploy'].flatMap((hook) =>
    [...textAt(`infra/hooks/${hook}.mjs`).matchAll(/'([A-Z][A-Z_]+)'/g)].map(
      ([, name = '']) => name,
    ),
  );
  const known = new Set([
    ...Object.keys(outputs),
    'AZURE_SUBSCRIPTION_ID',
    'GET',
    'PUT',
    'POST',
    'DELETE',
  ]);
  expect(asked.filter((name) => !known.has(name))).toEqual([]);
});

test('every hook has a wrapper for sh and one for PowerShell, and both run the same script [RS11]', () => {
  const wrappers = [...textAt('azure.yaml').matchAll(/run: (infra\S+)/g)].map(
    ([, file = '']) => file,
  );
  expect(wrappers).toEqual([
    'infra/hooks/postprovision.sh',
    'infra/hooks/postprovision.ps1',
    'infra/hooks/postdeploy.sh',
    'infra/hooks/postdeploy.ps1',
  ]);
  for (const wrapper of wrappers) {
    const script = `${path.basename(wrapper).replace(/\.\w+$/, '')}.mjs`;
    expect(textAt(wrapper)).toContain(script);
    expect(textAt(wrapper)).not.toContain('\r');
  }
});
