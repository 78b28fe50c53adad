import { expect, test } from 'vitest';
import { MAX_ATTEMPTS, NO_OUTBOX, type NoticeRow } from '../../src/ledger/notices';
import { readDropped, sendDue } from '../../src/ledger/send-notices';
import { MemoryTable } from '../memory-table';
import { eventIn, FAILED, KEY, notified, receiver, typesAt } from './given';

test('a receiver that is down for a while gets the notice when it is up, with the same id', async () => {
  const ops = await receiver(500);
  const world = notified({ targets: { ops: {} }, receivers: { ops } });
  const runId = await world.start('a');
  await world.end(runId, FAILED);

  await world.pass();
  expect(ops.received).toHaveLength(1);
  world.at(3);
  await world.pass();
  ops.status = 200;
  world.at(5);
  await world.pass();
  expect(ops.received).toHaveLength(2);
  world.at(9);
  const { log } = await world.pass();
  world.at(600);
  await world.pass();

  expect(log).toContain('1 notices delivered that had failed before');
  expect(ops.received.map(({ headers }) => headers['webhook-id'])).toEqual(
    Array.from({ length: 3 }, () => `failed-${runId}`),
  );
  expect(new Set(ops.received.map(({ body }) => body)).size).toBe(1);
  expect(world.notices()).toEqual([]);
});

test('ten attempts take about a day; then the notice is dropped, logged and counted', async () => {
  const ops = await receiver(503);
  const world = notified({ targets: { ops: {} }, receivers: { ops } });
  const runId = await world.start('a');
  await world.end(runId, FAILED);
  const attemptsAt: number[] = [0];
  for (let minutes = 5; minutes < 3000; minutes += 5) {
    world.at(minutes);
    await world.pass();
    if (ops.received.length > attemptsAt.length) attemptsAt.push(minutes);
  }

  expect(attemptsAt).toEqual([0, 5, 10, 20, 40, 85, 175, 355, 715, 1435]);
  expect(attemptsAt).toHaveLength(MAX_ATTEMPTS);
  expect(world.notices()).toEqual([]);
  expect(await readDropped(world.app.table)).toEqual({ ops: 1 });
  expect(world.log).toHaveLength(MAX_ATTEMPTS);
  const fields = {
    notice: `failed-${runId}`,
    to: 'ops',
    event: 'failed',
    workload: 'hello',
    runId,
    attempts: 10,
    status: 503,
    isDropped: true,
  };
  expect(world.log.at(-1)).toBe(
    `notice failed-${runId} for ops is dropped after 10 attempts: the receiver answered 503 ${JSON.stringify(fields)}`,
  );
});

test('a receiver that answers 410 is asked once', async () => {
  const ops = await receiver(410);
  const world = notified({ targets: { ops: {} }, receivers: { ops } });
  await world.end(await world.start('a'), FAILED);
  world.at(5);
  await world.pass();

  expect(ops.received).toHaveLength(1);
  expect(world.notices()).toEqual([]);
  expect(await readDropped(world.app.table)).toEqual({ ops: 1 });
});

test('a target without its secret is a warning and a failed attempt, and is sent once it has one', async () => {
  const ops = await receiver();
  const secrets: Record<string, string> = {};
  const world = notified({ targets: { ops: {} }, secrets });
  const runId = await world.start('a');
  await world.end(runId, FAILED);
  expect(world.log).toEqual([
    expect.stringContaining('the secret notify-ops-url is missing; store it in the vault'),
  ]);

  const later = notified({ targets: { ops: {} }, receivers: { ops } });
  later.at(3);
  await later.pass({ app: { ...later.app, table: world.app.table } });

  expect(typesAt(ops)).toEqual(['failed']);
});

test('two passes at once make one attempt', async () => {
  const ops = await receiver(500);
  const world = notified({ targets: { ops: {} }, receivers: { ops } });
  await world.end(await world.start('a'), FAILED);
  ops.status = 200;
  world.at(5);

  await Promise.all([world.pass(), world.pass()]);

  expect(ops.received).toHaveLength(2);
});

test('one target that is down keeps no other from its notices', async () => {
  const [ops, team] = [await receiver(500), await receiver()];
  const world = notified({ targets: { ops: {}, team: {} }, receivers: { ops, team } });
  await world.end(await world.start('a'), FAILED);
  await world.end(await world.start('b'), FAILED);

  expect([ops.received.length, team.received.length]).toEqual([2, 2]);
  expect(world.notices()).toHaveLength(2);
});

test('no row and no log line has the address or the key of a target', async () => {
  const ops = await receiver(500);
  const world = notified({ targets: { ops: {} }, receivers: { ops } });
  await world.end(await world.start('a'), FAILED);
  world.at(5);
  const pass = await world.pass();

  const rows = [...world.base.table.partitions.values()].flatMap((found) => [...found.values()]);
  const text = JSON.stringify([rows, world.log, pass]);
  expect(world.notices()).toHaveLength(1);
  for (const secret of [ops.url, 's3cret', '127.0.0.1', KEY, KEY.slice(6, 30)]) {
    expect(text).not.toContain(secret);
  }
});

test('beyond a thousand waiting notices the oldest are dropped', async () => {
  const table = new MemoryTable();
  const world = notified({ targets: { ops: {} } });
  await world.end(await world.start('a'), FAILED);
  const row = Object.entries(world.base.table.values('active')).find(([key]) =>
    key.startsWith('~notice-'),
  );
  if (row === undefined) throw new Error('no notice is waiting');
  const found = Array.from({ length: 1002 }, (_, index) => ({
    value: {
      ...(row[1] as unknown as NoticeRow),
      id: `failed-${index}`,
      at: new Date(index).toISOString(),
      next: '2030-01-01T00:00:00.000Z',
    },
    etag: 'any',
  }));
  const dropped: string[] = [];

  await sendDue(
    table,
    { ...NO_OUTBOX, report: ({ id }, _, isDropped) => isDropped && dropped.push(id) },
    found,
  );

  expect(dropped).toEqual(['failed-0', 'failed-1']);
  expect(await readDropped(table)).toEqual({ ops: 2 });
});

test('the body of a notice is the same in each attempt, though its signature is not', async () => {
  const ops = await receiver(500);
  const world = notified({ targets: { ops: {} }, receivers: { ops } });
  await world.end(await world.start('a'), FAILED);
  const [first] = ops.received.map(eventIn);
  world.at(5);
  await world.pass();
  const second = ops.received[1];

  expect(second && eventIn(second)).toEqual(first);
  expect(second?.headers['webhook-signature']).not.toBe(
    ops.received[0]?.headers['webhook-signature'],
  );
});
