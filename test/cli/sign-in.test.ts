import type { TokenCredential } from '@azure/identity';
import { expect, test } from 'vitest';
import { hostKeyOf } from '../../src/azure/host-key';
import type { SiteChoice } from '../../src/cli/sign-in';
import { call, serving, type Reply } from './call';
import { RUN_ID } from './sample-runs';

const SITE = '/subscriptions/s2/resourceGroups/g/providers/Microsoft.Web/sites/night';
const KEYS = `POST ${SITE}/host/default/listKeys?api-version=2024-04-01`;
const SITES = '/providers/Microsoft.Web/sites?api-version=2024-04-01';

const signedIn: TokenCredential = {
  getToken: async (scope) => ({ token: `token for ${String(scope)}`, expiresOnTimestamp: 0 }),
};

/** A stand-in for Azure Resource Manager with two subscriptions; the second has the site. */
async function management(keys: Reply = { body: { functionKeys: { default: 'host-key' } } }) {
  const site = (id: string, host: string) => ({ id, properties: { defaultHostName: host } });
  const stand = await serving((asked) => {
    const answers: Readonly<Record<string, Reply>> = {
      'GET /subscriptions?api-version=2022-12-01': {
        body: { value: [{ subscriptionId: 's1' }, { subscriptionId: 's2' }] },
      },
      [`GET /subscriptions/s1${SITES}`]: { body: { value: [site('/other', 'other.example')] } },
      [`GET /subscriptions/s2${SITES}`]: {
        body: { value: [], nextLink: `${stand.url}/next` },
      },
      'GET /next': { body: { value: [site(SITE, 'Night.Example')] } },
      [KEYS]: keys,
    };
    return answers[asked.call] ?? { status: 404, body: {} };
  });
  return stand;
}

const access = ({ url }: { readonly url: string }, credential = signedIn) => ({
  management: url,
  credential,
});

test('the key of a site is found by the host name of the app, in all subscriptions and pages', async () => {
  const stand = await management();

  expect(await hostKeyOf(access(stand), { kind: 'host', host: 'night.example' })).toBe('host-key');
  expect(stand.asked.map((one) => one.call)).toEqual([
    'GET /subscriptions?api-version=2022-12-01',
    `GET /subscriptions/s1${SITES}`,
    `GET /subscriptions/s2${SITES}`,
    'GET /next',
    KEYS,
  ]);
  expect(new Set(stand.asked.map(({ headers }) => headers.authorization))).toEqual(
    new Set([`Bearer token for ${stand.url}/.default`]),
  );
});

test('a next page at another address does not get the token', async () => {
  const other = await serving(() => ({ body: { value: [] } }));
  const stand = await serving(({ call: asked }) =>
    asked.startsWith('GET /subscriptions?')
      ? { body: { value: [], nextLink: `${other.url}/more` } }
      : { status: 404, body: {} },
  );

  await expect(hostKeyOf(access(stand), { kind: 'host', host: 'x' })).rejects.toThrow(
    'the identity that is signed in sees no site with the host name x; name it with --app',
  );
  expect(other.asked).toEqual([]);
});

test.each([
  [
    { status: 403, body: {} },
    'the identity that is signed in may not call POST /subscriptions/s2/',
  ],
  [{ status: 500, body: {} }, 'was answered with status 500'],
  [{ body: { functionKeys: {} } }, `${SITE} has no host key; create one, or set NIGHTSHIFT_KEY`],
  [{ body: 'masterKey' }, 'was answered in an unknown format'],
])('the answer %j to a request for keys is one sentence', async (reply, message) => {
  const stand = await management(reply);

  await expect(hostKeyOf(access(stand), { kind: 'id', id: SITE })).rejects.toThrow(message);
});

test('without a sign-in the sentence names az login, without what the SDK says of its chain', async () => {
  const stand = await management();
  const nobody: TokenCredential = {
    getToken: async () => {
      throw new Error('Please run az login.\nEnvironmentCredential: not set\n');
    },
  };

  await expect(hostKeyOf(access(stand, nobody), { kind: 'id', id: SITE })).rejects.toThrow(
    /^no identity is signed in \(Please run az login\); run az login, or set NIGHTSHIFT_KEY$/,
  );
});

/** An app that asks for the key of the stand-in. */
function guarded() {
  return serving(({ key }) =>
    key === 'host-key'
      ? { body: { runId: RUN_ID, message: 'it ends' } }
      : { status: 401, body: '' },
  );
}

test('a command fetches the key with the signed-in identity, and prints it nowhere', async () => {
  const [app, stand] = [await guarded(), await management()];
  const chosen: SiteChoice[] = [];
  const fetchHostKey = (site: SiteChoice) => {
    chosen.push(site);
    return hostKeyOf(access(stand), site);
  };
  const ended = await call(app.url, ['cancel', RUN_ID, '--app', SITE], { fetchHostKey });

  expect(ended).toEqual({ code: 0, stdout: `Run ${RUN_ID}: it ends.\n`, stderr: '', waits: [] });
  expect(chosen).toEqual([{ kind: 'id', id: SITE }]);
  expect(app.asked.map(({ key }) => key)).toEqual([undefined, 'host-key']);
});

test('a sign-in that fails is exit code 4, and an app on this machine needs none', async () => {
  const [app, stand] = [await guarded(), await management({ status: 403, body: {} })];
  const fetchHostKey = (site: SiteChoice) => hostKeyOf(access(stand), site);
  const denied = await call(app.url, ['cancel', RUN_ID, '--app', SITE], { fetchHostKey });
  const local = await call(app.url, ['cancel', RUN_ID], { fetchHostKey });

  expect([denied.code, denied.stderr]).toEqual([
    4,
    expect.stringMatching(/^the identity that is signed in may not call POST .*\n$/),
  ]);
  expect([local.code, local.stderr]).toEqual([
    4,
    `DELETE /api/runs/${RUN_ID} was answered with status 401; set NIGHTSHIFT_KEY to a function key of the app, or use --key-file\n`,
  ]);
});

test('--app must be the id of a site', async () => {
  expect(await call('http://127.0.0.1:9', ['runs', '--app', 'night'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--app must be /subscriptions/') as string,
  });
});
