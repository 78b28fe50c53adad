import { expect, test } from 'vitest';
import { retainedUntil, planRun } from '../../../src/run/plan';
import { taskSchema } from '../../../src/workload/task-schema';
import { taskFrom } from '../../../src/run/submit/tasks';
import type { Workload, WorkloadDeclaration } from '../../../src/workload/workload';
import { every30Seconds, evaluate, steady } from '../../local/batch/autoscale/given';
import { access, checked, echo, inputOf, minute, planOf, split, STARTED, whole } from '../given';
import { autoscaleFormula } from '../../../src/run/provision/autoscale-formula';

type PoolDeclaration = WorkloadDeclaration['pool'];

function plannedAt(pool: PoolDeclaration, startedAt: string) {
  const workload = checked({ ...whole, pool });
  const occurrence = { kind: 'request', key: startedAt } as const;
  const request = { workload: workload.name, occurrence, parameters: {} };
  const plan = planRun(workload, inputOf(request), startedAt);
  return { poolId: plan.poolId, until: retainedUntil(workload, plan) };
}

const weekly = { keep: { days: 7 } };

test('runs with a retained pool use the same pool until it expires, then create another [GD38, GD40]', () => {
  const first = plannedAt(weekly, '2026-11-21T02:00:00.000Z');
  const sameTurn = plannedAt(weekly, '2026-11-25T23:59:59.000Z');
  const nextTurn = plannedAt(weekly, '2026-11-26T00:00:00.000Z');

  expect(first).toEqual({
    poolId: expect.stringMatching(/^hello-kept-[0-9a-f]{10}-2968$/),
    until: '2026-11-26T00:00:00.000Z',
  });
  expect(sameTurn).toEqual(first);
  expect(nextTurn.poolId).toBe(first.poolId.replace('2968', '2969'));
});

test('what a pool cannot change gives another pool; another start task, package or number of nodes does not', () => {
  const setup = { command: '/bin/bash a.sh' };
  const packages = [{ application: 'fit' }];
  const idOf = (more: PoolDeclaration) =>
    plannedAt({ ...weekly, setup, packages, ...more }, STARTED).poolId;
  const usual = idOf({});

  expect([
    idOf({ setup: { command: '/bin/bash b.sh' } }),
    idOf({ packages: [{ application: 'fit', version: '2' }] }),
    idOf({ maxNodes: 7, maxWaitMinutes: 10, dedicatedNodes: 1, pricePerNodeHour: 1 }),
    idOf({ vmSize: 'standard_d2s_v5' }),
  ]).toEqual([usual, usual, usual, usual]);
  const others = [
    idOf({ cores: 4 }),
    idOf({ slotsPerNode: 2 }),
    idOf({ image: 'debian-12' }),
    idOf({ registries: [{ server: 'a.azurecr.io', user: 'x', secret: 'y' }] }),
    idOf({ interNode: true }),
    idOf({ keep: { days: 14 } }),
  ];
  expect(new Set([usual, ...others]).size).toBe(7);
});

test('a pool of another is planned by its own id, and no run’s own pool is kept', () => {
  expect(plannedAt({ existing: 'shared-pool' }, STARTED)).toEqual({
    poolId: 'shared-pool',
    until: null,
  });
  expect(plannedAt({}, STARTED).until).toBeNull();
});

test('the id of a retained pool is short enough for Batch, however long the name', () => {
  const workload = checked({
    ...whole,
    name: 'a-workload-of-24-letters',
    pool: { keep: { days: 1 } },
  });

  expect(planOf(workload).poolId).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
});

/** The pool's targets a number of minutes after the start of the run, with a number of Spot nodes. */
function targetsAt(
  workload: Workload,
  minutes: number,
  { pending = 8, spot = 0, taken = 0 }: { pending?: number; spot?: number; taken?: number } = {},
): string {
  const now = minute(minutes);
  const run = evaluate(autoscaleFormula(workload, planOf(workload), 1, STARTED), {
    now,
    taskSlotsPerNode: workload.pool.slotsPerNode,
    currentLowPriorityNodes: spot,
    samples: {
      $PendingTasks: every30Seconds(steady(6, pending), 60, now),
      $PreemptedNodeCount: every30Seconds(steady(6, taken), 60, now),
    },
  });
  if (run.error !== undefined) throw new Error(JSON.stringify(run.error));
  return `${run.targetDedicatedNodes} dedicated, ${run.targetLowPriorityNodes} Spot`;
}

function tiles(pool: PoolDeclaration): Workload {
  return checked({ ...split, pool: { maxNodes: 4, slotsPerNode: 2, ...pool } });
}

test('some of the nodes are dedicated, first of all the first one, and none when there is no work', () => {
  const workload = tiles({ dedicatedNodes: 1 });

  expect([
    targetsAt(workload, 1, { pending: 0 }),
    targetsAt(workload, 20),
    targetsAt(workload, 20, { pending: 1 }),
    targetsAt(workload, 20, { pending: 0 }),
    targetsAt(workload, 186),
  ]).toEqual([
    '1 dedicated, 0 Spot',
    '1 dedicated, 3 Spot',
    '1 dedicated, 0 Spot',
    '0 dedicated, 0 Spot',
    '0 dedicated, 0 Spot',
  ]);
});

test('dedicated nodes stand in once a run has waited for Spot in vain, and stay', () => {
  const workload = tiles({ dedicatedAfterMinutes: 15 });

  expect([
    targetsAt(workload, 14.9),
    targetsAt(workload, 15),
    targetsAt(workload, 60),
    targetsAt(workload, 186),
  ]).toEqual([
    '0 dedicated, 4 Spot',
    '4 dedicated, 0 Spot',
    '4 dedicated, 0 Spot',
    '0 dedicated, 0 Spot',
  ]);
});

test('Spot nodes that are there are left to work, until the last one is taken away', () => {
  const workload = tiles({ dedicatedAfterMinutes: 15, dedicatedNodes: 1 });

  expect([
    targetsAt(workload, 60, { spot: 3 }),
    targetsAt(workload, 60, { spot: 3, taken: 2 }),
    targetsAt(workload, 60, { spot: 3, taken: 3 }),
  ]).toEqual(['1 dedicated, 3 Spot', '1 dedicated, 3 Spot', '4 dedicated, 0 Spot']);
});

test('an output goes where its task says, by the id of the task', () => {
  const template = taskSchema.parse({
    ...echo,
    outputs: [{ files: 'outputs/result.json', to: 'results/{task}' }],
  });

  expect(taskFrom(template, access, { id: 'tile-7' }).outputFiles[0]?.path).toBe(
    'results/tile-7/result.json',
  );
});
