import { Webhook } from 'standardwebhooks';
import { expect, test, vi } from 'vitest';
import { Failure } from '../../src/failure';
import { testNotice, type Notice } from '../../src/ledger/notices';
import type { Secrets } from '../../src/run/ports';
import { sendNotice, type SendContext } from '../../src/notify/send';
import { notifyField } from '../../src/workload/notify-schema';
import { secretsFrom } from '../fakes';
import { minute, OWNER } from '../run/given';
import { eventIn, KEY, receiver, secretsOf } from './given';

const target = notifyField.parse({ to: 'ops' });
const notice: Notice = testNotice(target, '1', minute(0).toISOString());

function context(secrets: Secrets, changed: Partial<SendContext> = {}): SendContext {
  return {
    secrets,
    owner: async () => OWNER,
    realNow: () => minute(0),
    timeout: () => new AbortController().signal,
    ...changed,
  };
}

test('a notice is a CloudEvents document that the library of Standard Webhooks verifies', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: minute(0) });
  const ops = await receiver();

  const delivery = await sendNotice(context(secretsFrom(secretsOf({ ops }))), notice);
  const [got] = ops.received;
  if (got === undefined) throw new Error('nothing was received');
  const event = eventIn(got);
  vi.useRealTimers();

  expect(delivery).toEqual({ kind: 'delivered', status: 204, detail: 'delivered' });
  expect(got.headers).toMatchObject({
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'webhook-id': 'test-1',
    'webhook-timestamp': String(minute(0).getTime() / 1000),
  });
  expect(event).toEqual({
    specversion: '1.0',
    id: 'test-1',
    source: `urn:nightshift:${OWNER}`,
    type: 'dev.nightshift.test',
    subject: 'test/test-1',
    time: minute(0).toISOString(),
    datacontenttype: 'application/json',
    data: { ...notice.data, link: '/api/runs/test-1' },
  });
});

test('a body that was changed on its way does not verify', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: minute(0) });
  const ops = await receiver();
  await sendNotice(context(secretsFrom(secretsOf({ ops }))), notice);
  const [got] = ops.received;
  const headers = got?.headers as Record<string, string>;

  expect(() => new Webhook(KEY).verify(`${got?.body} `, headers)).toThrow('No matching signature');
  vi.useRealTimers();
});

test.each([
  [500, { kind: 'failed', status: 500, detail: 'the receiver answered 500' }],
  [404, { kind: 'failed', status: 404, detail: 'the receiver answered 404' }],
  [
    410,
    { kind: 'gone', status: 410, detail: 'the receiver answered 410: it wants no more notices' },
  ],
  [
    302,
    {
      kind: 'failed',
      status: 302,
      detail: 'the receiver answered 302; redirects are not followed',
    },
  ],
])(
  'the answer %s of a receiver is no delivery, and nothing is sent elsewhere',
  async (status, delivery) => {
    const ops = await receiver(status);

    expect(await sendNotice(context(secretsFrom(secretsOf({ ops }))), notice)).toEqual(delivery);
    expect(ops.received.map(({ path }) => path)).toEqual(['/hooks/s3cret']);
  },
);

test('a receiver that does not answer in time is no delivery', async () => {
  const ops = await receiver(null);
  const limit = new AbortController();
  ops.arrived = () => {
    limit.abort();
  };

  const sent = sendNotice(
    context(secretsFrom(secretsOf({ ops })), { timeout: () => limit.signal }),
    notice,
  );

  expect(await sent).toEqual({ kind: 'failed', status: null, detail: 'no answer in time' });
});

test('a receiver that is down is named by the code of the error, not by its address', async () => {
  const url = 'http://127.0.0.1:1/hooks/s3cret';
  const secrets = secretsFrom({ 'notify-ops-url': url, 'notify-ops-key': KEY });
  const { kind, detail } = await sendNotice(context(secrets), notice);

  expect(kind).toBe('failed');
  expect(detail).toMatch(/^no connection \([\w ]+\)$/);
});

const denied: Secrets = {
  read: async () => {
    throw new Failure('accessDenied', 'https://vault.example/secrets/notify-ops-url: no');
  },
};

const noUrl = 'the secret notify-ops-url is not an https URL; store one in the vault';

function withUrl(url: string): Secrets {
  return secretsFrom({ 'notify-ops-url': url, 'notify-ops-key': KEY });
}

const wrong: readonly (readonly [string, Secrets, string])[] = [
  ['nothing', secretsFrom({}), 'the secret notify-ops-url is missing; store it in the vault'],
  [
    'no key',
    secretsFrom({ 'notify-ops-url': 'https://hooks.example/s3cret' }),
    'the secret notify-ops-key is missing; store it in the vault',
  ],
  ['a vault without access', denied, 'the secret notify-ops-url cannot be read (accessDenied)'],
  ['http to another machine', withUrl('http://hooks.example/s3cret'), noUrl],
  ['http to a name like an address', withUrl('http://127.0.0.1.example/s3cret'), noUrl],
  ['a file', withUrl('file:///s3cret'), noUrl],
  ['a word', withUrl('s3cret'), noUrl],
  [
    'a key that is not base64',
    secretsFrom({ 'notify-ops-url': 'https://hooks.example/s3cret', 'notify-ops-key': '!s3cret' }),
    'the secret notify-ops-key is not a signing key: whsec_ and a key in base64',
  ],
];

test.each(wrong)(
  'with %s in the vault nothing is sent, and the detail names the secret only',
  async (_, secrets, detail) => {
    expect(await sendNotice(context(secrets), notice)).toEqual({
      kind: 'failed',
      status: null,
      detail,
    });
  },
);

test('a Slack target needs no key, and its message has no signature', async () => {
  const ops = await receiver();
  const secrets = secretsFrom({ 'notify-ops-url': ops.url });

  const delivery = await sendNotice(context(secrets), { ...notice, form: 'slack' });

  expect(delivery.kind).toBe('delivered');
  expect(ops.received[0]?.headers).not.toHaveProperty('webhook-signature');
  expect(JSON.parse(ops.received[0]?.body ?? '')).toHaveProperty('blocks');
});
