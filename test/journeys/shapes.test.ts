import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  begin,
  closeWorld,
  ended,
  eventually,
  leftBy,
  onlyRecord,
  openWorld,
  runsOf,
  textOf,
  type World,
} from './environment';

/** Shapes of work in whole runs, with real tasks and real files. */

let world: World;
beforeAll(async () => {
  world = await openWorld({ name: 'shapes', app: 'shapes' });
});
afterAll(() => closeWorld(world));

test('a sweep in chunks is merged without its failed tasks, and the following run reads its outputs [GD3, GD4, GD5, NB10]', async () => {
  const run = await ended(world, await begin(world, 'draws'));

  expect(run).toMatchObject({
    status: 'succeeded',
    tasks: { active: 0, running: 0, succeeded: 3, failed: 1 },
    record: { missingTasks: 1 },
  });
  const sum = '1 2 3 7; without chunk-000002 (exit code 3)\n';
  expect(await textOf(world, run, 'results/sum.txt')).toBe(sum);
  expect(await textOf(world, run, 'logs/chunk-000002/stderr.txt')).toBe('there is no five\n');
  expect(JSON.parse(await textOf(world, run, 'merge/missing.json'))).toEqual([
    {
      id: 'chunk-000002',
      input: null,
      exitCode: 3,
      cause: 'failed with exit code 3: there is no five',
    },
  ]);
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));

  const follower = await eventually(world, 'the run that follows', async () => {
    const [first] = await runsOf(world, 'report');
    return first;
  });
  const second = await ended(world, follower.runId);
  expect(second).toMatchObject({ status: 'succeeded', cause: null });
  expect(await textOf(world, second, 'results/report.txt')).toBe(
    `after ${run.runId}\nresults/sum.txt: ${sum}`,
  );
  expect(await leftBy(world, second)).toEqual(onlyRecord(second));
  expect(await runsOf(world, 'report')).toHaveLength(1);
});

test.concurrent('listed tasks read the outputs of their dependencies, and tasks blocked by a failure are missing [NB10, NB11]', async () => {
  const run = await ended(world, await begin(world, 'ladder'));

  expect(run).toMatchObject({
    status: 'succeeded',
    tasks: { active: 1, running: 0, succeeded: 4, failed: 1 },
    record: { missingTasks: 2 },
  });
  expect(await textOf(world, run, 'rungs/bottom.txt')).toBe('bottom on \n');
  expect(await textOf(world, run, 'rungs/top.txt')).toBe(
    'top on bottom.txt, left.txt, right.txt\n',
  );
  expect(JSON.parse(await textOf(world, run, 'missing.json'))).toMatchObject([
    { id: 'loose', exitCode: 1 },
    { id: 'above-loose', exitCode: null },
  ]);
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});
