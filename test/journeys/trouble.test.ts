import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  begin,
  closedGate,
  closeWorld,
  ended,
  leftBy,
  onlyRecord,
  openWorld,
  pull,
  textOf,
  when,
  type World,
} from './environment';

/** What Azure does to a run when it likes. The run ends as it would have, and nothing is doubled. */

let world: World;
beforeAll(async () => {
  world = await openWorld({ name: 'trouble', app: 'testing' });
});
afterAll(() => closeWorld(world));

const ALL_LAPS = 'lap-1 lap-2 lap-3 lap-4\n';
/** The job manager, four laps and the merge, each once. */
const SIX_TASKS = { active: 0, running: 0, succeeded: 6, failed: 0 };

test('a Spot node that is preempted in the middle of its tasks costs time and nothing else [RS4]', async () => {
  const { gate, open } = closedGate(world);
  const runId = await begin(world, 'marathon', { laps: 4, gate });
  await when(world, runId, 'running laps', ({ tasks }) => tasks?.running === 4);

  const { preempted } = (await pull(world, `POST /pools/${runId}/preempt`, { count: 1 })) as {
    readonly preempted: readonly string[];
  };
  open();
  const run = await ended(world, runId);

  expect(preempted).toHaveLength(1);
  expect(run).toMatchObject({ status: 'succeeded', tasks: SIX_TASKS, record: { preemptions: 1 } });
  expect(await textOf(world, run, 'results/finish.txt')).toBe(ALL_LAPS);
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test('throttling, a busy service and reset connections duplicate nothing [GD26]', async () => {
  await pull(world, 'POST /faults', [
    { verb: 'POST', path: '/pools', action: 'status', status: 429, retryAfterSeconds: 1 },
    // Made, but the answer is lost: what is there already is the run's own.
    { verb: 'POST', path: '/pools', action: 'cutAfter' },
    { verb: 'POST', path: '/jobs', action: 'cutAfter' },
    { verb: 'POST', path: '/jobs/*/addtaskcollection', action: 'cutAfter' },
    { verb: 'POST', path: '/jobs/*/addtaskcollection', action: 'status', status: 500 },
    { verb: 'PATCH', path: '/jobs/*', action: 'cutBefore' },
    { verb: 'GET', path: '/jobs/*', action: 'status', status: 503, times: 2 },
    { verb: 'GET', path: '/pools/*/nodes', action: 'cutBefore' },
    { verb: 'DELETE', path: '/jobs/*', action: 'cutAfter' },
    { verb: 'DELETE', path: '/pools/*', action: 'status', status: 500 },
  ]);
  const runId = await begin(world, 'marathon', { laps: 4, pause: 0 });
  const run = await ended(world, runId);

  expect(await pull(world, 'GET /faults')).toEqual([]);
  expect(run).toMatchObject({ status: 'succeeded', tasks: SIX_TASKS, cause: null });
  expect(await textOf(world, run, 'results/finish.txt')).toBe(ALL_LAPS);
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test('a pause requested by the service is respected, even if it is longer than an activity may wait', async () => {
  const fault = { verb: 'POST', path: '/pools', action: 'status', status: 429, times: 2 };
  await pull(world, 'POST /faults', { ...fault, retryAfterSeconds: 600 });

  const run = await ended(world, await begin(world, 'marathon', { laps: 1, pause: 0 }));

  expect(await pull(world, 'GET /faults')).toEqual([]);
  expect(run.status).toBe('succeeded');
  const [since, until] = ['provisioning', 'submitting'].map((name) =>
    Date.parse(run.timeline.find(({ phase }) => phase === name)?.at ?? ''),
  );
  // Two refusals, each with the request to come again after ten minutes.
  expect(((until ?? 0) - (since ?? 0)) / 60_000).toBeGreaterThanOrEqual(20);
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test('an account without quota fails the run with a message, and nothing is left behind', async () => {
  const before = (await pull(world, 'GET /quotas')) as { readonly pools: number };
  await pull(world, 'PUT /quotas', { pools: 0 });
  const run = await ended(world, await begin(world, 'patient'));
  await pull(world, 'PUT /quotas', { pools: before.pools });

  expect(run).toMatchObject({ status: 'failed', cause: { code: 'quotaReached' } });
  expect(run.cause?.message).toMatch(
    new RegExp(`^cannot create pool ${run.runId}: .*\\[PoolQuotaReached\\]; request more quota`),
  );
  expect(await leftBy(world, run)).toEqual(onlyRecord(run, 'gone'));
});

test('resources of another owner under the names of a run fail it and are left unchanged [GD40]', async () => {
  const { batch } = world;
  // The run waits before it makes its pool, so that another one can take the name.
  const unanswered = { verb: 'GET', path: '/supportedimages', action: 'status', status: 503 };
  await pull(world, 'POST /faults', { ...unanswered, times: 1000 });
  const runId = await begin(world, 'patient');
  await batch.pool.add(foreignPool(runId));
  await batch.job.add({ id: runId, poolInfo: { poolId: runId } });
  await pull(world, 'DELETE /faults');

  const run = await ended(world, runId);
  const left = await leftBy(world, run);
  await batch.job.deleteMethod(runId);
  await batch.pool.deleteMethod(runId);

  expect(run).toMatchObject({
    runId,
    status: 'failed',
    cause: {
      code: 'nameCollision',
      message: `a pool named ${runId} exists that this run did not create; it is not changed`,
    },
    record: {
      cleanedUp: [
        { resource: 'job', state: 'notOwned' },
        { resource: 'pool', state: 'notOwned' },
        { resource: 'staging', state: 'deleted' },
        { resource: 'outputs', state: 'deleted' },
      ],
    },
  });
  expect(left).toEqual({ ...onlyRecord(run, 'gone'), pool: 'there', job: 'there' });
});

function foreignPool(id: string) {
  return {
    id,
    vmSize: 'standard_d2s_v5',
    virtualMachineConfiguration: {
      imageReference: { publisher: 'canonical', offer: 'ubuntu-24_04-lts', sku: 'server' },
      nodeAgentSKUId: 'batch.node.ubuntu 24.04',
    },
  };
}
