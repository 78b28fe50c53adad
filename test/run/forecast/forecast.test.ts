import { expect, test } from 'vitest';
import { Failure } from '../../../src/failure';
import {
  forecast,
  type Forecast,
  type ForecastContext,
  type PoolForecast,
} from '../../../src/run/forecast/forecast';
import type { RunRecord, RunRequest } from '../../../src/run/run';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { MemoryBatch, supportedImages } from '../../fakes';
import { evaluate } from '../../local/batch/autoscale/given';
import { MemoryFiles } from '../../memory-files';
import { checked, echo, minute, perBlob, split, STARTED, whole } from '../given';
import { idFromText } from '../../../src/run/names';

interface World extends ForecastContext {
  readonly batch: MemoryBatch;
  readonly files: MemoryFiles;
}

function world(more: Partial<Omit<ForecastContext, 'files' | 'batch'>> = {}): World {
  return {
    batch: new MemoryBatch(),
    files: new MemoryFiles(),
    secrets: { read: async (name) => `value of ${name}` },
    latest: [],
    spotCoreQuota: null,
    dedicatedCoreQuota: null,
    ...more,
  };
}

function forecastOf(
  tools: ForecastContext,
  declaration: WorkloadDeclaration,
  request: Partial<RunRequest> = {},
) {
  return forecast(
    tools,
    checked(declaration),
    {
      workload: declaration.name,
      occurrence: { kind: 'request', key: 'plan' },
      parameters: {},
      ...request,
    },
    STARTED,
  );
}

/** The pool that a run would make. */
function madeBy({ pool }: Forecast): PoolForecast {
  if (pool?.isMade !== true) throw new Error('the plan makes no pool');
  return pool;
}

function runThatTook(minutes: number, nodeMinutes: number, dedicatedMinutes = 0): RunRecord {
  const endedAt = new Date(Date.parse(STARTED) + minutes * 60_000).toISOString();
  const tasks = { active: 0, running: 0, succeeded: 1, failed: 0 };
  return {
    outcome: { kind: 'succeeded' },
    startedAt: STARTED,
    endedAt,
    nodeMinutes,
    dedicatedMinutes,
    tasks,
  } as RunRecord;
}

test('a plan names pool, job, containers, formula and what the formula gives [PI12]', async () => {
  const plan = await forecastOf(world(), split);

  expect(plan.errors).toEqual([]);
  expect(plan.pool).toMatchObject({
    vmSize: 'standard_d2s_v5',
    slotsPerNode: 2,
    firstNodes: 1,
    maxNodes: 4,
  });
  expect(madeBy(plan).formula).toContain('$TargetLowPriorityNodes');
  expect(madeBy(plan).formulaGives).toBe(
    '1 at once; then as many as the pending tasks need, at most 4; 0 after 2026-11-21T05:05:00.000Z',
  );
  expect(plan.job?.containers).toEqual([`run-${plan.job?.id}-in`, `run-${plan.job?.id}-out`]);
  expect(plan.tasks.count).toBeNull();
  expect(plan.tasks.first.map(({ id }) => id)).toEqual([
    'job-manager',
    '(from the manifest)',
    'merge',
  ]);
});

test('a plan counts inputs and the tasks they make, and shows the first few [GD4]', async () => {
  const tools = world();
  for (const name of ['a.ply', 'b.ply', 'c.ply', 'd.ply', 'e.ply'])
    tools.files.put('inbox', name, 'mesh');
  tools.files.put('inbox', 'notes.txt', 'no mesh');

  const plan = await forecastOf(tools, perBlob);

  expect(plan.inputs).toEqual({ count: 5, bytes: 20, first: ['a.ply', 'b.ply', 'c.ply'] });
  expect(plan.tasks.count).toBe(5);
  expect(plan.pool).toMatchObject({ firstNodes: 3, nodesForTasks: 3 });
  expect(plan.tasks.first).toEqual(
    ['a', 'b', 'c'].map((name) => ({
      id: idFromText(`${name}.ply`),
      command: 'echo hello',
      about: `${name}.ply`,
    })),
  );
});

test('units in chunks are shown as the tasks that they become', async () => {
  const tools = world();
  for (const name of ['a.ply', 'b.ply', 'c.ply', 'd.ply', 'e.ply'])
    tools.files.put('inbox', name, 'mesh');

  const plan = await forecastOf(tools, { ...perBlob, work: { ...perBlob.work, chunk: 2 } });

  expect(plan.tasks.first.map(({ id, about }) => [id, about])).toEqual([
    ['chunk-000001', 'a.ply and 1 more'],
    ['chunk-000002', 'c.ply and 1 more'],
    ['chunk-000003', 'e.ply'],
  ]);
});

test.each([
  ['Spot nodes alone', {}, '3 at once'],
  ['some dedicated nodes', { dedicatedNodes: 2 }, '3 at once (2 dedicated)'],
])('what a plan says that its formula gives is what it gives, with %s', async (...given) => {
  const [, pool, words] = given;
  const tools = world();
  for (let index = 0; index < 6; index++) tools.files.put('inbox', `${index}.ply`, 'mesh');

  const plan = await forecastOf(tools, { ...perBlob, pool: { ...perBlob.pool, ...pool } });

  const { formula, formulaGives, firstNodes, slotsPerNode: taskSlotsPerNode } = madeBy(plan);
  expect(formulaGives).toMatch(
    `${words}; then as many as the pending tasks need, at most 3; 0 after`,
  );
  const at = (now: Date) => {
    const run = evaluate(formula, { now, taskSlotsPerNode });
    return run.targetDedicatedNodes + run.targetLowPriorityNodes;
  };
  const end = new Date(/0 from (\S+) on/.exec(formulaGives)?.[1] ?? '');
  expect([at(minute(0)), at(end)]).toEqual([firstNodes, 0]);
});

test('a run that would find nothing makes no pool and costs nothing', async () => {
  const plan = await forecastOf(world(), perBlob);

  expect([plan.pool, plan.job]).toEqual([null, null]);
  expect(plan.estimate).toMatchObject({ minutes: 0, nodeMinutes: 0, capNodeMinutes: 0 });
});

test('a sweep is counted and its first combinations spelled out', async () => {
  const sweep: WorkloadDeclaration = {
    ...whole,
    work: { kind: 'sweep', task: echo, over: { RATE: [0.1, 0.2], SEED: { from: 1, to: 50 } } },
  };

  const { tasks } = await forecastOf(world(), sweep);

  expect(tasks.count).toBe(100);
  expect(tasks.first).toEqual(
    ['RATE=0.1 SEED=1', 'RATE=0.1 SEED=2', 'RATE=0.1 SEED=3'].map((about) => ({
      id: idFromText(about),
      command: 'echo hello',
      about,
    })),
  );
});

test('a plan lists every error at once [GD15]', async () => {
  const secrets = {
    read: async (name: string): Promise<string> => {
      throw new Failure('secretMissing', `secret ${name} does not exist`);
    },
  };
  const declaration: WorkloadDeclaration = {
    ...perBlob,
    work: { kind: 'perBlob', task: { ...echo, secrets: ['the-key'] } },
    pool: { vmSize: 'standard_d8s_v5' },
  };

  const plan = await forecastOf(world({ secrets, spotCoreQuota: 4 }), declaration, {
    blob: 'gone.ply',
  });

  expect(plan.errors).toEqual([
    'blob "gone.ply" in container inbox does not exist',
    'secret the-key cannot be read; store it in the vault',
    '1 Spot node of standard_d8s_v5 has 8 cores and the Batch account has a quota of 4 Spot cores, not enough for one node; request 4 more of "Spot/low-priority vCPUs (all Series)", which can take days, or choose a smaller size',
  ]);
  expect(plan.secrets).toEqual([{ name: 'the-key', isReadable: false }]);
});

test('a plan shows no value of a secret [GD19]', async () => {
  const declaration: WorkloadDeclaration = {
    ...whole,
    work: { kind: 'whole', jobManager: { ...echo, secrets: ['the-key'] } },
  };

  const plan = await forecastOf(world(), declaration);

  expect(plan.secrets).toEqual([{ name: 'the-key', isReadable: true }]);
  expect(JSON.stringify(plan)).not.toContain('value of');
});

test('time and cost are estimated from the latest good runs, the most from the deadline [GD41]', async () => {
  const latest = [runThatTook(30, 12), runThatTook(10, 6), runThatTook(20, 9)];

  const pool = { ...split.pool, pricePerNodeHour: 0.1 };
  const { estimate } = await forecastOf(world({ latest }), { ...split, pool });

  expect(estimate).toEqual({
    fromRuns: 3,
    minutes: 20,
    nodeMinutes: 9,
    cost: 0.015,
    capNodeMinutes: 4 * (180 + 20),
    capCost: 1.3333,
  });
});

test('dedicated nodes are calculated at their own price, Spot nodes at theirs', async () => {
  const latest = [runThatTook(30, 60, 30), runThatTook(10, 6, 6), runThatTook(20, 30, 0)];
  const pricePerNodeHour = { spot: 0.1, dedicated: 1 };
  const costOf = async (pool: WorkloadDeclaration['pool']) => {
    const plan = await forecastOf(world({ latest }), {
      ...split,
      deadlineMinutes: 100,
      pool: { maxNodes: 4, pricePerNodeHour, ...pool },
    });
    return [plan.estimate.cost, plan.estimate.capNodeMinutes, plan.estimate.capCost];
  };

  // 30 × 0.1 + 30 × 1 (per hour), 6 × 1 and 30 × 0.1; of four nodes for two hours none, one or all.
  expect(await costOf({})).toEqual([0.1, 480, 0.8]);
  expect(await costOf({ dedicatedNodes: 1 })).toEqual([0.1, 480, 2.6]);
  expect(await costOf({ dedicatedAfterMinutes: 10 })).toEqual([0.1, 480, 8]);
});

test('what the Batch account does not have is refused before there is a run [RS19, PY20]', async () => {
  const declaration: WorkloadDeclaration = {
    ...whole,
    pool: { image: 'debian-12', packages: [{ application: 'fit', version: '2.0' }] },
  };
  const tools = world();
  tools.batch.packages.set('fit', ['1.0']);

  const plan = await forecastOf(tools, declaration);

  expect(plan.errors).toEqual([
    'pool.packages: the Batch account has no version 2.0 of the application package fit (it has 1.0); upload it with npm run pack',
    expect.stringMatching(/^pool\.image "debian-12" cannot be used: .* does not support it/),
  ]);
});

test('an image that nears its end is warned of in a plan', async () => {
  const tools = world();
  tools.batch.images = supportedImages.map((image) => ({
    ...image,
    endOfLife: '2026-12-31T00:00:00.000Z',
  }));

  expect((await forecastOf(tools, whole)).warnings).toEqual([
    'pool.image: Batch supports ubuntu-24.04 until 2026-12-31, 39 days from now; choose a newer image',
  ]);
});

test('a plan checks an existing pool: it is not created, costs the run nothing, and may be unsuitable [PI6, NB1]', async () => {
  const declaration: WorkloadDeclaration = { ...whole, pool: { existing: 'department' } };
  const tools = world();
  const missing = await forecastOf(tools, declaration);
  tools.batch.existing.set('department', {
    isBeingDeleted: false,
    runId: null,
    nodeAgent: 'batch.node.ubuntu 24.04',
    runsContainers: false,
    slotsPerNode: 1,
    autoscales: false,
    targetNodes: 2,
  });

  const plan = await forecastOf(tools, declaration);

  expect(missing.errors).toEqual([
    'pool.existing "department" cannot be used: the pool does not exist',
  ]);
  expect([plan.errors, plan.pool, plan.estimate.capNodeMinutes]).toEqual([
    [],
    { isMade: false, id: 'department' },
    0,
  ]);
});

test.each([
  ['enough for all', {}, [40, 0], [0, 0]],
  ['enough for some', {}, [10, 0], [0, 1]],
  ['for none', {}, [3, 0], [1, 0]],
  ['for none, but dedicated nodes stand in', { dedicatedAfterMinutes: 10 }, [0, 4], [0, 1]],
  ['for none of either kind', { dedicatedAfterMinutes: 10 }, [0, 3], [1, 1]],
  ['for no dedicated node, which would be the first', { dedicatedNodes: 2 }, [40, 3], [1, 0]],
  ['for one of two dedicated nodes', { dedicatedNodes: 2 }, [40, 4], [0, 1]],
  ['unknown', { dedicatedNodes: 2 }, [null, null], [0, 0]],
] as const)('with a quota %s a plan refuses or warns [GD15]', async (...given) => {
  const [, pool, [spotCoreQuota, dedicatedCoreQuota], findings] = given;
  const declaration: WorkloadDeclaration = {
    ...split,
    pool: { vmSize: 'standard_d4s_v5', maxNodes: 10, ...pool },
  };

  const plan = await forecastOf(world({ spotCoreQuota, dedicatedCoreQuota }), declaration);

  expect([plan.errors.length, plan.warnings.length]).toEqual(findings);
});

test('before the first good run nobody knows what a run takes', async () => {
  const { estimate } = await forecastOf(world(), split);

  expect(estimate).toMatchObject({ fromRuns: 0, minutes: null, nodeMinutes: null, cost: null });
});

test('unavailable storage fails the plan, which can be requested again', async () => {
  const tools = world();
  tools.files.find = async () => {
    throw new Failure('serviceUnavailable', 'storage does not answer');
  };

  await expect(forecastOf(tools, perBlob, { blob: 'a.ply' })).rejects.toThrow(
    'storage does not answer',
  );
});
