import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { SecretClient } from '@azure/keyvault-secrets';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { realClock } from '../../local/clock';
import { listen } from '../../local/http';
import { signToken, type IdentityAuthority } from '../../local/identity';
import { startVault } from '../../local/vault';
import { connect } from '../../src/azure/connect';
import { secretsOn } from '../../src/azure/key-vault';
import type { Secrets } from '../../src/run/ports';
import { readSettings } from '../../src/settings';
import { certificateOfTests } from '../certificate';
import { openIdentity } from './accounts';

const CANARY = 'canary-5b2d4f603f9a1c7e';

// One for all tests: the client keeps its tokens for the life of the process.
let identity: IdentityAuthority;
const stops: (() => unknown)[] = [];

beforeAll(async () => {
  identity = await openIdentity();
});

afterEach(async () => {
  for (const stop of stops.reverse().splice(0)) await stop();
});

afterAll(() => identity.close());

/** The port as the app connects it from its settings, as a managed identity. */
function secretsOf(vaultUri: string): Secrets {
  const environment = {
    BATCH_ACCOUNT_ENDPOINT: 'http://127.0.0.1:1',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    KEY_VAULT_URI: vaultUri,
    IDENTITY_ENDPOINT: identity.endpoint,
  };
  return connect(readSettings(environment, new Map())).secrets;
}

/** A vault that believes this authority. */
async function vaultFor(
  authority: Pick<IdentityAuthority, 'issuer' | 'signingKey'>,
): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-vault-'));
  stops.push(() => rmSync(folder, { recursive: true }));
  const vault = await startVault({
    port: 0,
    file: join(folder, 'vault.json'),
    certificate: await certificateOfTests(),
    authority,
    initial: { 'signing-key': CANARY, empty: '' },
    now: realClock.now,
  });
  stops.push(() => vault.close());
  return vault.url;
}

function failureOf(reading: Promise<string>): Promise<unknown> {
  return reading.then(
    () => 'it was read',
    (error: unknown) => error,
  );
}

test('a secret is read by its name, with a token of the identity for the vault [GD16, GD18]', async () => {
  const secrets = secretsOf(await vaultFor(identity));

  expect(await secrets.read('signing-key')).toBe(CANARY);
  expect(await secrets.read('Signing-Key')).toBe(CANARY);
});

test.each([
  [
    'not-there',
    /^secret not-there of vault https:\/\/127\.0\.0\.1:\d+\/? does not exist; store it there$/,
  ],
  [
    'empty',
    /^secret empty of vault https:\/\/127\.0\.0\.1:\d+\/? is empty; store its value there$/,
  ],
])('the error for the missing secret %s names it', async (name, message) => {
  const secrets = secretsOf(await vaultFor(identity));

  expect(await failureOf(secrets.read(name))).toMatchObject({
    code: 'secretMissing',
    message: expect.stringMatching(message),
  });
});

const lacksRole =
  /^cannot read secret signing-key: vault \S+ denied access to this identity: .+; this requires the action Microsoft\.KeyVault\/vaults\/secrets\/getSecret\/action; assign it the role Key Vault Secrets User there$/;

test('an identity unknown to the vault may read nothing', async () => {
  const signingKey = Buffer.from('another authority').toString('base64');
  const secrets = secretsOf(await vaultFor({ issuer: identity.issuer, signingKey }));

  expect(await failureOf(secrets.read('signing-key'))).toMatchObject({
    code: 'accessDenied',
    message: expect.stringMatching(lacksRole),
  });
});

/** What reading came to for the holder of a token for this audience. */
async function readFor(aud: string): Promise<unknown> {
  const claims = { aud, iss: identity.issuer, exp: 4_102_444_800 };
  const token = signToken(claims, Buffer.from(identity.signingKey, 'base64'));
  const credential = {
    getToken: async () => ({ token, expiresOnTimestamp: 4_102_444_800_000 }),
  };
  const options = { disableChallengeResourceVerification: true };
  const secrets = secretsOn(new SecretClient(await vaultFor(identity), credential, options));
  return failureOf(secrets.read('signing-key'));
}

test('a token for another resource does not open a vault [GD18]', async () => {
  const refused = { code: 'accessDenied', message: expect.stringMatching(lacksRole) };

  expect(await readFor('https://vault.azure.net')).toBe('it was read');
  expect(await readFor('https://storage.azure.com')).toMatchObject(refused);
  expect(await readFor('https://batch.core.windows.net')).toMatchObject(refused);
});

/** A vault that answers everybody who brings a token with this status. */
async function refusing(
  status: number,
  code: string,
  message = `no, said ${code}`,
): Promise<Secrets> {
  const server = await listen(
    (request, response) => {
      const isUnknown = request.headers.authorization === undefined;
      response.writeHead(isUnknown ? 401 : status, {
        'content-type': 'application/json',
        'www-authenticate':
          'Bearer authorization="https://login.microsoftonline.com/x", resource="https://vault.azure.net"',
        'retry-after': '0',
      });
      response.end(JSON.stringify({ error: { code, message } }));
    },
    { tls: await certificateOfTests() },
  );
  stops.push(() => server.close());
  return secretsOf(server.url);
}

/** As Key Vault words it; what is not told on is what changes nothing. */
const FORBIDDEN = [
  'Caller is not authorized to perform action on resource.',
  'If role assignments were changed recently, please observe propagation time.',
  'Caller: appid=a1;oid=b2;iss=https://sts.windows.net/c3/',
  "Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'",
  "Resource: '/subscriptions/d4/x'",
  'Assignment: (not found)',
];

test("the failure for an identity without a role names the role, the secret and the vault's message [GD17]", async () => {
  const secrets = await refusing(403, 'Forbidden', FORBIDDEN.join('\r\n'));

  expect(await failureOf(secrets.read('signing-key'))).toMatchObject({
    code: 'accessDenied',
    message: expect.stringMatching(
      /^cannot read secret signing-key: vault \S+ denied access to this identity: Caller is not authorized to perform action on resource\. Caller: appid=a1;oid=b2;iss=https:\/\/sts\.windows\.net\/c3\/ Action: 'Microsoft\.KeyVault\/vaults\/secrets\/getSecret\/action' \[Forbidden\]; this requires the action Microsoft\.KeyVault\/vaults\/secrets\/getSecret\/action; assign it the role Key Vault Secrets User there$/,
    ),
  });
});

test("a denial by the vault's network rules is reported as such", async () => {
  const secrets = await refusing(
    403,
    'Forbidden',
    'Client address is not authorized and caller is not a trusted service.\r\nClient address: 10.1.2.3\r\nVault: kv-x;location=westeurope',
  );

  expect(await failureOf(secrets.read('signing-key'))).toMatchObject({
    message: expect.stringMatching(
      /: Client address is not authorized .+ Client address: 10\.1\.2\.3 \[Forbidden\]; allow the app in the network rules there, or: this requires the action /,
    ),
  });
});

test('a vault that is down is worth a retry', async () => {
  const secrets = await refusing(503, 'ServiceUnavailable');

  expect(await failureOf(secrets.read('signing-key'))).toMatchObject({
    code: 'serviceUnavailable',
    message: expect.stringMatching(/cannot be read at the moment: /),
  });
});

test('no error holds the token [GD19]', async () => {
  for (const status of [403, 404, 503]) {
    const secrets = await refusing(status, 'Code');
    const failure = await failureOf(secrets.read('signing-key'));
    const everything = inspect(failure, { depth: Infinity, showHidden: true });

    expect(everything).not.toMatch(/eyJ|Bearer [^*]/);
    expect(everything.toLowerCase()).not.toContain('authorization:');
  }
});

test('without a vault no secret can be read, and the setting is named', async () => {
  const environment = {
    BATCH_ACCOUNT_ENDPOINT: 'http://127.0.0.1:1',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  };
  const { secrets } = connect(readSettings(environment, new Map()));

  expect(await failureOf(secrets.read('signing-key'))).toMatchObject({
    code: 'secretMissing',
    message: 'secret signing-key cannot be read: KEY_VAULT_URI is not set',
  });
});
