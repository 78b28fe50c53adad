import { expect, test } from 'vitest';
import { notifyTestHandler } from '../../src/api/notices';
import { eventIn, notified, receiver } from './given';
import { answerTo } from '../api/given';

const POST = { method: 'POST', path: '/api/notify/test' } as const;

test('a test of a target sends an event at once and answers with the status of the receiver', async () => {
  const ops = await receiver(202);
  const world = notified({ workload: { notify: [{ to: 'ops' }] }, receivers: { ops } });

  const answer = await answerTo(notifyTestHandler(world.app), world.base.hub, {
    ...POST,
    text: '{"to": "ops"}',
  });

  const [got] = ops.received;
  const event = got && eventIn(got);
  expect(event).toMatchObject({ type: 'dev.nightshift.test' });
  expect([answer.status, answer.body]).toEqual([
    200,
    { to: 'ops', id: event?.id, delivered: true, status: 202, detail: 'delivered', dropped: 0 },
  ]);
});

test('a test that fails says why, without the address of the target', async () => {
  const ops = await receiver(500);
  const world = notified({ targets: { ops: {} }, receivers: { ops } });

  const { status, body } = await answerTo(notifyTestHandler(world.app), world.base.hub, {
    ...POST,
    text: '{"to": "ops"}',
  });

  expect([status, body]).toEqual([
    200,
    {
      to: 'ops',
      id: expect.stringMatching(/^test-/),
      delivered: false,
      status: 500,
      detail: 'the receiver answered 500',
      dropped: 0,
    },
  ]);
  expect(world.notices()).toEqual([]);
});

test('a test of an unknown target names the known ones', async () => {
  const world = notified({ targets: { ops: {}, team: {} } });

  const { status, body } = await answerTo(notifyTestHandler(world.app), world.base.hub, {
    ...POST,
    text: '{"to": "else"}',
  });

  expect([status, body]).toMatchObject([
    404,
    { title: 'unknownTarget', detail: 'no target is called "else"; known targets: ops, team' },
  ]);
});

test.each(['{}', '{"to": ""}', '{"to": "ops", "url": "https://example.com"}'])(
  'a test with the body %s is refused',
  async (text) => {
    const world = notified({ targets: { ops: {} } });
    const { status } = await answerTo(notifyTestHandler(world.app), world.base.hub, {
      ...POST,
      text,
    });
    expect(status).toBe(400);
  },
);
