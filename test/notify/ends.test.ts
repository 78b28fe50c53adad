import { expect, test } from 'vitest';
import { register } from '../../src/ledger/ledger';
import { newOccurrenceOf } from '../../src/ledger/new-occurrence';
import { requestOf } from '../api/given';
import { minute, OWNER } from '../run/given';
import { killedAfter } from '../ledger/given';
import { eventIn, FAILED, notified, receiver, typesAt } from './given';

test('the end of a run reaches the targets of the workload and of the app at once, each event once', async () => {
  const [ops, team] = [await receiver(), await receiver()];
  const world = notified({
    workload: {
      notify: [
        { to: 'ops', on: ['failed', 'failed'] },
        { to: 'ops', on: ['failed'] },
      ],
    },
    targets: { ops: { on: ['failed'] }, team: { on: ['failed', 'missed'] } },
    receivers: { ops, team },
  });
  const runId = await world.start('a');
  world.at(30);

  await world.end(runId, FAILED);

  expect([typesAt(ops), typesAt(team)]).toEqual([['failed'], ['failed']]);
  const [got] = ops.received;
  expect(got && eventIn(got)).toMatchObject({
    id: `failed-${runId}`,
    source: `urn:nightshift:${OWNER}`,
    subject: `hello/${runId}`,
    time: minute(30).toISOString(),
    data: {
      workload: 'hello',
      runId,
      outcome: 'failed',
      code: 'taskFailed',
      cause: '3 tasks failed',
      due: null,
      startedAt: minute(0).toISOString(),
      endedAt: minute(30).toISOString(),
      nodeMinutes: 7,
      cost: 0.25,
      link: `/api/runs/${runId}`,
    },
  });
  expect([world.notices(), world.log]).toEqual([[], []]);
});

test('an event that nobody listens to writes no row and sends nothing', async () => {
  const ops = await receiver();
  const world = notified({ targets: { ops: { on: ['missed'] } }, receivers: { ops } });
  const runId = await world.start('a');
  world.base.table.calls.length = 0;

  await world.end(runId, FAILED);

  expect(world.base.table.calls.filter((call) => call.includes('active'))).toEqual([
    `remove active ${runId}`,
  ]);
  expect(ops.received).toEqual([]);
});

test('a cause is sent without secrets, and bounded', async () => {
  const ops = await receiver();
  const world = notified({ targets: { ops: {} }, receivers: { ops } });
  const cause = `GET https://x.example/c?sig=abc%2Fdef failed ${'x'.repeat(900)}`;

  await world.end(await world.start('a'), { ...FAILED, cause });

  const [got] = ops.received;
  const sent = got === undefined ? '' : (eventIn(got).data.cause ?? '');
  expect(sent.slice(0, 45)).toBe('GET https://x.example/c?sig=*** failed xxxxxx');
  expect(sent).toHaveLength(500);
});

test('the first success after a failure is a recovery, the next one is not', async () => {
  const ops = await receiver();
  const world = notified({
    targets: { ops: { on: ['failed', 'recovered'] } },
    receivers: { ops },
  });
  const failed = await world.start('a');
  await world.end(await world.start('before'));
  await world.end(failed, FAILED);
  await world.end(await world.start('b'), {
    state: 'cancelled',
    code: 'cancelled',
    cause: 'asked',
  });
  await world.end(await world.start('c'));
  await world.end(await world.start('d'));

  expect(typesAt(ops)).toEqual(['failed', 'recovered']);
  const [, got] = ops.received;
  expect(got && eventIn(got).data.recovers).toBe(failed);
});

test('of two runs that succeed at once after a failure, one is the recovery', async () => {
  const ops = await receiver();
  const world = notified({ targets: { ops: { on: ['recovered'] } }, receivers: { ops } });
  const [a, b, c] = [await world.start('a'), await world.start('b'), await world.start('c')];
  await world.end(a, FAILED);

  await Promise.all([world.end(b), world.end(c)]);

  expect(typesAt(ops)).toEqual(['recovered']);
});

test('an end that is repeated is notified once', async () => {
  const ops = await receiver();
  const world = notified({ targets: { ops: {} }, receivers: { ops } });
  const runId = await world.start('a');

  expect(await world.end(runId, FAILED)).toBe('finished');
  expect(await world.end(runId, FAILED)).toBe('wasFinal');

  expect(typesAt(ops)).toEqual(['failed']);
});

test.each([0, 1, 2, 3])(
  'a host that dies after %s writes of an end loses no notice, and none is written twice',
  async (writes) => {
    const ops = await receiver();
    const world = notified({ targets: { ops: {} }, receivers: { ops } });
    const runId = await world.start('a');
    const killed = killedAfter(world.base.table, writes);
    await world.end(runId, FAILED, killed).catch(() => undefined);

    // The engine repeats the step; what it has sent is sent later by the reconciler.
    await world.end(runId, FAILED);
    world.at(5);
    await world.pass();
    world.at(60);
    await world.pass();

    const ids = new Set(ops.received.map(({ headers }) => headers['webhook-id']));
    expect([...ids]).toEqual([`failed-${runId}`]);
    expect(ops.received).toHaveLength(writes === 3 ? 2 : 1);
    expect(world.notices()).toEqual([]);
    expect(world.base.table.values('active')).not.toHaveProperty([runId]);
  },
);

test('a late delivery between an end and its notices does not lose them', async () => {
  const ops = await receiver();
  const world = notified({ targets: { ops: {} }, receivers: { ops } });
  const runId = await world.start('a');
  await world.base.claim(runId);
  await world.end(runId, FAILED, killedAfter(world.base.table, 1)).catch(() => undefined);
  const { app } = world;
  const workload = app.workloads.get('hello');
  if (workload === undefined) throw new Error('the workload is not there');

  const now = app.now().toISOString();
  const again = newOccurrenceOf(workload, requestOf('hello', 'a'), {}, now);
  const registered = await register(app.table, { ...again, owner: OWNER }, now);
  await world.end(runId, FAILED);

  expect(registered).toEqual({ runId, isNew: false, active: null });
  expect(typesAt(ops)).toEqual(['failed']);
});

const HOURLY = '0 0 * * * *';

test('a due time that was missed is notified, also by a host that dies in the middle', async () => {
  const ops = await receiver();
  const world = notified({
    workload: { triggers: { schedule: { cron: HOURLY, catchUp: 'none' } } },
    targets: { ops: {} },
    receivers: { ops },
  });
  await world.pass({ cron: HOURLY });
  world.at(90);
  const ending = killedAfter(world.base.table, 2);
  await world.pass({ cron: HOURLY, app: { ...world.app, table: ending } }).catch(() => undefined);
  expect(typesAt(ops)).toEqual([]);

  world.at(100);
  await world.pass({ cron: HOURLY });
  world.at(110);
  await world.pass({ cron: HOURLY });

  expect(typesAt(ops)).toEqual(['missed']);
  const [got] = ops.received;
  expect(got && eventIn(got).data).toMatchObject({
    outcome: 'missed',
    code: 'startWindowEnded',
    due: minute(60).toISOString(),
    startedAt: null,
  });
});
