import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  ask,
  begin,
  closedGate,
  closeWorld,
  ended,
  eventually,
  NEVER_SECONDS,
  openWorld,
  pull,
  when,
  type World,
} from './environment';

/**
 * An active run, through the app's API and through Batch's own. Each state is held until it has been
 * seen: by machines that Azure does not have, by a node that never boots, by a task that waits.
 */

let world: World;
beforeAll(async () => {
  world = await openWorld({ name: 'watching', app: 'testing' });
});
afterAll(() => closeWorld(world));

test('job and job manager exist before any node, on a pool of one Spot node that ends with the run [GD34, PI2, PI7, RS2, RS3, RS4, RS26]', async () => {
  const { batch } = world;
  const { gate, open } = closedGate(world);
  await pull(world, 'PUT /supply', { nodes: 0 });
  const runId = await begin(world, 'patient', { gate });

  await when(world, runId, 'the job', ({ phase }) => phase === 'watching');
  const { poolInfo, jobManagerTask } = await batch.job.get(runId);
  const waiting = await batch.task.get(runId, 'job-manager');
  const nodesAtFirst = (await batch.computeNode.list(runId)).length;
  expect({ poolInfo, manager: jobManagerTask?.id, state: waiting.state, nodesAtFirst }).toEqual({
    poolInfo: { poolId: runId },
    manager: 'job-manager',
    state: 'active',
    nodesAtFirst: 0,
  });

  await pull(world, 'PUT /supply', { nodes: -1 });
  await when(world, runId, 'a running task', ({ tasks }) => tasks?.running === 1);
  const [node, ...others] = await batch.computeNode.list(runId);
  const running = await batch.task.get(runId, 'job-manager');
  expect({
    others,
    dedicated: node?.isDedicated,
    state: running.state,
    on: running.nodeInfo,
  }).toMatchObject({
    others: [],
    dedicated: false,
    state: 'running',
    on: { poolId: runId, nodeId: node?.id },
  });

  open();
  const run = await ended(world, runId);
  expect({
    status: run.status,
    phases: run.timeline.map(({ phase }) => phase).slice(-4),
    pools: (await batch.pool.list()).length,
  }).toEqual({
    status: 'succeeded',
    phases: ['watching', 'harvesting', 'cleaningUp', 'ended'],
    pools: 0,
  });
});

/** Starts a run and waits until it says that it waits for this. */
async function waitsFor(
  workload: string,
  phase: string,
  reason: RegExp,
  parameters: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const runId = await begin(world, workload, parameters);
  await when(
    world,
    runId,
    `${phase}: ${reason}`,
    (run) => run.phase === phase && reason.test(run.waitingFor ?? ''),
  );
  return runId;
}

async function cancel(runId: string): Promise<string> {
  await ask(world, `DELETE /api/runs/${runId}`);
  return (await ended(world, runId)).status;
}

test('a run counts its tasks and its nodes while they run [GD34]', async () => {
  const { gate, open } = closedGate(world);
  const runId = await begin(world, 'marathon', { laps: 4, gate });

  const run = await when(
    world,
    runId,
    'four laps at once',
    ({ tasks, nodes }) => tasks?.running === 4 && nodes?.['running'] === 2,
  );

  expect(run.tasks).toEqual({ active: 1, running: 4, succeeded: 1, failed: 0 });
  open();
  expect(await ended(world, runId)).toMatchObject({ status: 'succeeded' });
});

interface Tasks {
  readonly tasks: readonly { readonly id: string; readonly state: string; readonly node: string }[];
}

test('tasks, nodes and the log of a task are shown while they run, and after the end of the run', async () => {
  const { gate, open } = closedGate(world);
  const runId = await begin(world, 'marathon', { laps: 2, gate });
  await when(world, runId, 'two laps at once', ({ tasks }) => tasks?.running === 2);
  const get = async (path: string) => (await ask(world, `GET /api/runs/${runId}${path}`)).body;

  const { tasks } = (await get('/tasks?status=running')) as Tasks;
  const { nodes } = (await get('/nodes')) as { nodes: readonly { readonly id: string }[] };
  const [lap] = tasks;
  const live = await eventually(world, 'the first line', async () => {
    const part = (await get(`/tasks/${lap?.id ?? ''}/logs/stdout`)) as { readonly text?: string };
    return part.text === '' ? undefined : part;
  });

  expect(tasks).toHaveLength(2);
  expect(nodes.map(({ id }) => id)).toContain(lap?.node);
  expect(live).toMatchObject({ text: expect.stringMatching(/ begins\n$/), isEnded: false });
  open();
  await ended(world, runId);
  const kept = (await get('/tasks')) as Tasks;
  expect(kept.tasks.filter(({ state }) => state === 'succeeded').map(({ id }) => id)).toEqual(
    expect.arrayContaining([lap?.id]),
  );
  expect(await get(`/tasks/${lap?.id ?? ''}/logs/stdout`)).toEqual({ ...live, isEnded: true });
  expect(await get('/nodes')).toEqual({ nodes: [] });
});

test('a run names every link of the chain while it waits for it [GD34, RS29]', async () => {
  const pace = (await pull(world, 'GET /pace')) as Readonly<Record<string, number>>;
  const { gate, open } = closedGate(world);

  await pull(world, 'PUT /supply', { nodes: 0 });
  const allocating = await waitsFor('patient', 'watching', /^a Spot node: /);
  expect(await cancel(allocating)).toBe('cancelled');
  await pull(world, 'PUT /supply', { nodes: -1 });

  await pull(world, 'PUT /pace', { ...pace, bootSeconds: NEVER_SECONDS });
  const booting = await waitsFor('patient', 'watching', /^the start of 1 node$/);
  expect(await cancel(booting)).toBe('cancelled');

  // The last one: its pool is never deleted, and only the end of the environment ends it.
  await pull(world, 'PUT /pace', pace);
  const running = await waitsFor('patient', 'watching', /^the job manager \(running\)$/, {
    gate,
  });
  await pull(world, 'PUT /pace', { leavingSeconds: NEVER_SECONDS });
  open();
  await when(
    world,
    running,
    'the deletion of the pool',
    ({ phase, waitingFor }) =>
      phase === 'cleaningUp' && /^the clean-up of pool$/.test(waitingFor ?? ''),
  );
  expect((await world.batch.pool.get(running)).state).toBe('deleting');
});
