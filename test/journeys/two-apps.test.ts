import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasEnded, type Run } from '../../local/cli/runs';
import {
  ask,
  begin,
  closedGate,
  closeWorld,
  ended,
  eventually,
  freshFolder,
  leftBy,
  onlyRecord,
  openWorld,
  runsOf,
  show,
  when,
  type OwnWorld,
} from './environment';

/** Two apps with the same workloads and the same schedule on one Batch account. */

const PERIOD_MS = 20 * 60_000;
const schedule = { SCHEDULE_YEARLY: '0 */20 * * * *' };
const common = { app: 'testing', speed: 60, settings: schedule } as const;

let one: OwnWorld;
let other: OwnWorld;

beforeAll(async () => {
  one = await openWorld({ ...common, name: 'first-app' });
  const folder = freshFolder('second-app');
  // One clock, and one certificate, which the nodes of the account trust.
  cpSync(join(one.folder, 'clock.json'), join(folder, 'clock.json'));
  mkdirSync(join(folder, 'certificate'));
  cpSync(join(one.folder, 'certificate'), join(folder, 'certificate'), { recursive: true });
  const { batch } = one.environment;
  const settings = {
    ...schedule,
    BATCH_ACCOUNT_ENDPOINT: batch.url,
    BATCH_ACCOUNT_NAME: batch.name,
    BATCH_ACCOUNT_KEY: batch.key,
  };
  other = await openWorld({ ...common, name: 'second-app', folder, settings });
});
afterAll(async () => {
  await closeWorld(other);
  await closeWorld(one);
});

/** The pools that the account has, as the service lists them. */
async function poolIds(): Promise<readonly string[]> {
  const pools = await one.batch.pool.list();
  return pools.map(({ id }) => id ?? '');
}

test('one key in both apps is a run in each, and both succeed', async () => {
  const key = { 'Idempotency-Key': 'the same in both' };
  const runIds = [
    await begin(one, 'patient', {}, key),
    await begin(other, 'patient', {}, key),
  ] as const;

  const runs = [await ended(one, runIds[0]), await ended(other, runIds[1])] as const;

  expect(runIds[0]).not.toBe(runIds[1]);
  expect(runs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
});

test('one due time in both apps is a run in each, and both succeed', async () => {
  const dueRun = (world: OwnWorld) =>
    eventually(world, 'the run of a due time', async () =>
      (await runsOf(world, 'yearly')).find((run) => hasEnded(run)),
    );

  const runs = [await dueRun(one), await dueRun(other)];

  expect(runs.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  expect(runs.map(({ dueAt }) => Date.parse(dueAt ?? '') % PERIOD_MS)).toEqual([0, 0]);
});

test('neither the reconciler nor a stop of all runs touches what the other app made', async () => {
  const { gate, open } = closedGate(one);
  const runId = await begin(one, 'patient', { gate });
  await when(one, runId, 'its job', ({ phase }) => phase === 'watching');

  await fetch(`${other.environment.appUrl}/admin/functions/reconcile`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{}',
  });
  const stopped = await ask(other, 'DELETE /api/runs');
  expect(stopped.status).toBe(202);
  expect(stopped.body).toMatchObject({ removing: [], refused: [] });
  expect(await poolIds()).toContain(runId);
  open();

  const run: Run = await ended(one, runId);
  expect(run.status).toBe('succeeded');
  expect(await leftBy(one, await show(one, runId))).toEqual(onlyRecord(run, 'gone'));
});
