import { afterEach, expect, test } from 'vitest';
import { Failure } from '../../src/failure';
import type { RunStatus } from '../../src/run/run';
import { requestCancel } from '../../src/ledger/claim';
import { POLL_NOW } from '../../src/run/workflow';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { provision } from '../../src/run/provision/provision';
import { hello, NO_NODES, planOf, STARTED } from './given';
import { minutesIn, stageForEach } from './stage';
import { worldOf } from './world';
import { whole as declared } from './given';

const whole: WorkloadDeclaration = {
  name: 'whole',
  description: 'the job manager is the job',
  pool: {},
  work: { kind: 'whole', jobManager: { command: 'work' } },
  startWithinMinutes: 30,
};

const stage = stageForEach(afterEach);

const refusal = () =>
  new Failure('quotaReached', 'cannot create pool x: the pool quota of the account is reached', {
    retryAfterSeconds: 60,
  });

test.each(['makePool', 'makeJob'] as const)(
  'a quota that others free at %s is waited for, and the run continues',
  async (call) => {
    const { run, batch } = await stage([whole]);
    const real = Reflect.get(batch, call) as (spec: unknown, owner: unknown) => Promise<void>;
    let refusals = 12;
    batch[call] = async (spec: unknown, owner: unknown) => {
      refusals -= 1;
      if (refusals >= 0) throw refusal();
      await Reflect.apply(real, batch, [spec, owner]);
    };

    const record = await run('whole');

    expect(record.outcome).toEqual({ kind: 'succeeded' });
    expect(minutesIn(record)).toBeGreaterThan(12);
  },
);

test('a run that has waited for the quota of jobs still waits for its nodes', async () => {
  const { run, batch, clock } = await stage([{ ...whole, pool: { maxWaitMinutes: 10 } }]);
  const { makeJob, getPool } = batch;
  let refusals = 20;
  let madeAt = Infinity;
  batch.makeJob = async (spec, owner) => {
    refusals -= 1;
    if (refusals >= 0) throw refusal();
    madeAt = clock.now().getTime();
    await makeJob.call(batch, spec, owner);
  };
  // The pool has scaled to zero meanwhile.
  batch.getPool = async () => {
    const pool = await getPool.call(batch);
    const isEmpty = clock.now().getTime() < madeAt + 5 * 60_000;
    return pool === null || !isEmpty ? pool : { ...pool, nodes: NO_NODES };
  };

  const record = await run('whole');

  expect(record.outcome).toEqual({ kind: 'succeeded' });
});

test('a run that waits for a quota says so, and can be cancelled', async () => {
  const { begin, end, hub, batch, table } = await stage([whole]);
  batch.makePool = async () => {
    throw refusal();
  };

  const runId = await begin('whole');
  await hub.settled();
  expect(hub.status(runId).customStatus as RunStatus | null).toMatchObject({
    phase: 'provisioning',
    waitingFor:
      'a quota of the Batch account: cannot create pool x: the pool quota of the account is reached',
  });

  await requestCancel(table, runId, 'a person', batch.clock.now().toISOString());
  await hub.raiseEvent(runId, POLL_NOW, {});
  const record = await end(runId);
  expect(record.outcome).toMatchObject({ kind: 'cancelled' });
  expect(minutesIn(record)).toBeLessThan(3);
});

test('a quota that is not freed within the start window fails the run', async () => {
  const { run, batch } = await stage([whole]);
  batch.makePool = async () => {
    throw refusal();
  };

  const record = await run('whole');

  expect(record.outcome).toEqual({
    kind: 'failed',
    code: 'quotaReached',
    cause: 'cannot create pool x: the pool quota of the account is reached',
  });
  expect(minutesIn(record)).toBeGreaterThan(29);
  expect(minutesIn(record)).toBeLessThan(32);
});

test('a quota of zero is final at once, with the remedy in the cause', async () => {
  const { batch, tools } = worldOf(declared);
  batch.makePool = async () => {
    throw refusal();
  };
  const quotas = { spotCores: 100, dedicatedCores: 0, dedicatedCoresByFamily: null, jobs: 10 };
  const account = (pools: number) => ({
    quotas: async () => ({ ...quotas, pools }),
    defaultVersionOf: async () => null,
    packageAccess: async () => 'storageKeys' as const,
    packageUrl: async () => null,
    vmSizes: async () => null,
  });
  const refused = (pools: number) =>
    provision(
      { ...tools, account: account(pools) },
      { plan: planOf(hello), startNodes: 1, now: STARTED },
    ).catch((error: unknown) => error as Failure);

  expect([await refused(0), await refused(5)]).toMatchObject([
    { code: 'quotaReached', retryAfterSeconds: null },
    { code: 'quotaReached', retryAfterSeconds: 60 },
  ]);
});

test('a Retry-After of fifteen minutes is waited for by the workflow', async () => {
  const { run, batch } = await stage([whole]);
  const real = batch.makePool.bind(batch);
  const asked: number[] = [];
  batch.makePool = async (spec, owner) => {
    asked.push(batch.clock.now().getTime());
    if (asked.length === 1) {
      const retryAfterSeconds = 900;
      throw new Failure('serviceUnavailable', 'cannot create pool x at the moment', {
        retryAfterSeconds,
      });
    }
    await real(spec, owner);
  };

  const record = await run('whole');

  expect(record.outcome).toEqual({ kind: 'succeeded' });
  expect(asked.map((at) => (at - (asked[0] ?? 0)) / 1000)).toEqual([0, 900]);
});
