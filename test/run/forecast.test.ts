import { expect, test } from 'vitest';
import { Failure } from '../../src/failure';
import { forecast, type ForecastTools } from '../../src/run/forecast';
import type { RunRecord, RunRequest } from '../../src/run/run';
import type { WorkloadDeclaration } from '../../src/run/workload';
import { MemoryFiles } from '../memory-files';
import { checked, echo, perBlob, split, STARTED, whole } from './given';

interface World extends ForecastTools {
  readonly files: MemoryFiles;
}

function world(more: Partial<Omit<ForecastTools, 'files'>> = {}): World {
  return {
    files: new MemoryFiles(),
    secrets: { read: async (name) => `value of ${name}` },
    latest: [],
    prices: {},
    spotCoreQuota: null,
    ...more,
  };
}

function forecastOf(
  tools: ForecastTools,
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

function runThatTook(minutes: number, nodeMinutes: number): RunRecord {
  const endedAt = new Date(Date.parse(STARTED) + minutes * 60_000).toISOString();
  const tasks = { active: 0, running: 0, succeeded: 1, failed: 0 };
  return {
    outcome: { kind: 'succeeded' },
    startedAt: STARTED,
    endedAt,
    nodeMinutes,
    tasks,
  } as RunRecord;
}

test('a plan names pool, job, containers, formula and what the formula gives [PI12]', async () => {
  const plan = await forecastOf(world(), split);

  expect(plan.refusals).toEqual([]);
  expect(plan.pool).toMatchObject({
    vmSize: 'standard_d2s_v5',
    slotsPerNode: 2,
    firstNodes: 1,
    maxNodes: 4,
  });
  expect(plan.pool?.formula).toContain('$TargetLowPriorityNodes');
  expect(plan.pool?.formulaGives).toBe(
    '1 at once; then as many as the pending tasks need, at most 4; 0 from 2026-11-21T05:05:00.000Z on',
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
  expect(plan.tasks.first.map(({ about }) => about)).toEqual(['a.ply', 'b.ply', 'c.ply']);
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
  expect(tasks.first.map(({ about }) => about)).toEqual([
    'RATE=0.1 SEED=1',
    'RATE=0.1 SEED=2',
    'RATE=0.1 SEED=3',
  ]);
});

test('what can never run is refused with every reason at once [GD15]', async () => {
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

  expect(plan.refusals).toEqual([
    'blob "gone.ply" in container inbox is not there (any more)',
    'secret the-key cannot be read; store it in the vault',
    'a node of standard_d8s_v5 has 8 cores and the account\'s Spot quota is 4; ask for more of "Spot/low-priority vCPUs" on the Batch account, or choose a smaller size',
  ]);
  expect(plan.secrets).toEqual([{ name: 'the-key', isThere: false }]);
});

test('a plan shows no value of a secret [GD19]', async () => {
  const declaration: WorkloadDeclaration = {
    ...whole,
    work: { kind: 'whole', jobManager: { ...echo, secrets: ['the-key'] } },
  };

  const plan = await forecastOf(world(), declaration);

  expect(plan.secrets).toEqual([{ name: 'the-key', isThere: true }]);
  expect(JSON.stringify(plan)).not.toContain('value of');
});

test('time and cost are estimated from the latest good runs, the most from the deadline [GD41]', async () => {
  const latest = [runThatTook(30, 12), runThatTook(10, 6), runThatTook(20, 9)];

  const { estimate } = await forecastOf(world({ latest, prices: { standard_d2s_v5: 0.1 } }), split);

  expect(estimate).toEqual({
    fromRuns: 3,
    minutes: 20,
    nodeMinutes: 9,
    cost: 0.015,
    capNodeMinutes: 4 * (180 + 20),
    capCost: 1.3333,
  });
});

test('before the first good run nobody knows what a run takes', async () => {
  const { estimate } = await forecastOf(world(), split);

  expect(estimate).toMatchObject({ fromRuns: 0, minutes: null, nodeMinutes: null, cost: null });
});

test('a storage that does not answer is no refusal: the plan fails and can be asked for again', async () => {
  const tools = world();
  tools.files.find = async () => {
    throw new Failure('serviceUnavailable', 'storage does not answer');
  };

  await expect(forecastOf(tools, perBlob, { blob: 'a.ply' })).rejects.toThrow(
    'storage does not answer',
  );
});
