import { expect, test } from 'vitest';
import { withLog } from '../../src/notify/log-target';
import { minute } from '../run/given';
import { notified, receiver, typesAt, type NotifiedParts } from './given';

const HOURLY = '0 0 * * * *';

/** An app whose log is a target; the lines of notices are read from it. */
function logged(parts: NotifiedParts) {
  const world = notified(parts);
  const lines: string[] = [];
  const outbox = withLog(world.app.outbox, ({ message }) => lines.push(message));
  return { world, app: { ...world.app, outbox }, lines };
}

test('a late due time is one line of the log, whether a target listens to it or not', async () => {
  const ops = await receiver();
  const { world, app, lines } = logged({
    workload: { triggers: { schedule: HOURLY }, startWithinMinutes: 600, overlap: 'queue' },
    targets: { ops: { on: ['late'], lateMinutes: 20 } },
    receivers: { ops },
  });
  await world.pass({ app, cron: HOURLY });
  const first = await world.start('first');
  await world.base.claim(first);
  world.base.hub.become({ id: first, status: 'Running' });
  for (const at of [61, 81, 91, 96]) {
    world.at(at);
    await world.pass({ app, cron: HOURLY });
    expect(lines.length).toBe(at < 90 ? 0 : 1);
  }

  const [, runId = ''] = /^notice late of run (\S+):/.exec(lines[0] ?? '') ?? [];
  const due = minute(60).toISOString();
  const fields = { runId, workload: 'hello', event: 'late', code: 'overlapped', due };
  expect(lines).toEqual([
    `notice late of run ${runId}: it has not started: run ${first} of hello is active ${JSON.stringify(fields)}`,
  ]);
  expect(typesAt(ops)).toEqual(['late']);
  expect(world.notices()).toEqual([]);
});

test('a run without a node for an hour is one line of the log', async () => {
  const { world, app, lines } = logged({});
  const runId = await world.start('a');
  await world.base.claim(runId);
  const customStatus = { phase: 'watching', nodes: null, nodeMinutes: 0 };
  world.base.hub.become({ id: runId, status: 'Running', customStatus });
  for (const at of [1, 59, 62, 70]) {
    world.at(at);
    await world.pass({ app });
  }

  const since = minute(0).toISOString();
  const fields = { runId, workload: 'hello', event: 'waitingForCapacity', code: null, due: null };
  expect(lines).toEqual([
    `notice waitingForCapacity of run ${runId}: no node since ${since} ${JSON.stringify(fields)}`,
  ]);
});

test('the log is not among the targets that can be tried', () => {
  const { app } = logged({ targets: { ops: {} } });

  expect([...app.outbox.targets.keys()]).toEqual(['ops']);
});
