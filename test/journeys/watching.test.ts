import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasEnded, type Run } from '../../local/cli/runs';
import {
  begin,
  closeWorld,
  ended,
  eventually,
  openWorld,
  show,
  when,
  type World,
} from './environment';

/** A run while it goes, through the app's API and through Batch's own. */

let world: World;
beforeAll(async () => {
  // Slow enough that every link of the chain lasts longer than the pause between two looks.
  const nodes = { allocationSeconds: 40, bootSeconds: 40, leavingSeconds: 30, settleSeconds: 15 };
  world = await openWorld({ name: 'watching', app: 'testing', nodes });
});
afterAll(() => closeWorld(world));

test('job and job manager are there before any node, on a pool of one Spot node that comes and goes [GD34, PI2, PI7, RS2, RS3, RS4, RS26]', async () => {
  const { batch } = world;
  const runId = await begin(world, 'patient', { pause: 1000 });

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

  await when(world, runId, 'a running task', ({ tasks }) => tasks?.running === 1);
  const [node] = await batch.computeNode.list(runId);
  const running = await batch.task.get(runId, 'job-manager');
  expect({
    dedicated: node?.isDedicated,
    state: running.state,
    on: running.nodeInfo,
  }).toMatchObject({ dedicated: false, state: 'running', on: { poolId: runId, nodeId: node?.id } });

  await when(world, runId, 'the end of the job', ({ phase }) => phase === 'cleaningUp');
  await eventually(world, 'a leaving node', async () =>
    (await batch.computeNode.list(runId)).every(({ state }) => state === 'leavingpool'),
  );
  const run = await ended(world, runId);
  expect({ status: run.status, pools: (await batch.pool.list()).length }).toEqual({
    status: 'succeeded',
    pools: 0,
  });
});

test('a run says of every link of the chain that it waits for it [GD34, RS29]', async () => {
  const runId = await begin(world, 'patient', { pause: 800 });
  const said: string[] = [];
  await eventually(world, 'the end', async () => {
    const run = await show(world, runId);
    const line = `${run.phase}: ${run.waitingFor}`;
    if (said.at(-1) !== line) said.push(line);
    return hasEnded(run) ? run : undefined;
  });

  expect(said).toEqual(
    expect.arrayContaining([
      'watching: a Spot node: Batch is allocating 1 node',
      'watching: the start of 1 node',
      'watching: the job manager (running)',
      'cleaningUp: the clean-up of job and pool',
      'ended: null',
    ]),
  );
});

test('a run counts its tasks and its nodes while they work [GD34]', async () => {
  const runId = await begin(world, 'marathon', { laps: 4, pause: 1000 });
  const counts = ({ tasks, nodes }: Run) => ({ tasks, running: nodes?.['running'] });

  const run = await when(world, runId, 'two laps at once', ({ tasks }) => tasks?.running === 2);

  expect(counts(run)).toEqual({
    tasks: { active: 3, running: 2, succeeded: 1, failed: 0 },
    running: 1,
  });
  expect(await ended(world, runId)).toMatchObject({ status: 'succeeded' });
});
