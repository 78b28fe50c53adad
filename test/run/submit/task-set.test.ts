import { expect, test } from 'vitest';
import { idsOf, taskSetOf, type TaskSet } from '../../../src/run/submit/task-set';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { seeded, type Seeded } from '../../seeded';
import { echo } from '../given';
import { now, worldOf, type World } from '../world';

/** Units become tasks, one by one or in chunks: none is lost, none comes twice, whatever the numbers. */

interface Line {
  readonly id: string;
  readonly environment: Readonly<Record<string, string>>;
}

const base = { name: 'hello', description: 'many', pool: {} };

function someWork(chance: Seeded, units: number, chunk: number): WorkloadDeclaration {
  const kind = chance.pick(['sweep', 'split', 'perBlob']);
  if (kind === 'sweep') {
    const over = { N: { from: 1, to: units } };
    return { ...base, work: { kind: 'sweep', task: echo, over, chunk } };
  }
  if (kind === 'split') {
    return { ...base, work: { kind: 'split', jobManager: echo, task: echo, chunk } };
  }
  return { ...base, inputs: { container: 'inbox' }, work: { kind: 'perBlob', task: echo, chunk } };
}

/** A run that has come to where its tasks are made. */
async function ready(declaration: WorkloadDeclaration, units: number): Promise<World> {
  const world = worldOf(declaration);
  const { files, plan, activities } = world;
  const number = (index: number) => String(index + 1).padStart(4, '0');
  for (let index = 0; index < units; index++) files.put('inbox', `n-${number(index)}.txt`, 'x');
  await activities.stage({ plan });
  const lines = Array.from({ length: units }, (_, index) =>
    JSON.stringify({ id: `u${number(index)}`, environment: { N: `${index + 1}` } }),
  );
  files.put(plan.outputContainer, 'manifest/tasks.jsonl', lines.join('\n'));
  return world;
}

async function listOf(set: TaskSet, from: number, to: number) {
  const tasks = [];
  for await (const task of set.slice(from, to)) tasks.push(task);
  return tasks;
}

function unitsOf(
  { files, plan }: World,
  task: Awaited<ReturnType<TaskSet['task']>>,
): readonly Line[] {
  if (task.environment['UNITS'] === undefined) {
    return [{ id: task.id, environment: task.environment }];
  }
  const lines = (files.text(plan.stagingContainer, `units/${task.id}.jsonl`) ?? '')
    .trimEnd()
    .split('\n');
  expect(lines.length).toBe(Number(task.environment['UNITS']));
  return lines.map((line) => JSON.parse(line) as Line);
}

test('for every kind of work each unit is in one task, in order, for any chunk size [GD3, GD4]', async () => {
  const chance = seeded(99);
  for (let round = 0; round < 40; round++) {
    const units = chance.whole(1, 60);
    const chunk = chance.whole(1, 9);
    const declaration = someWork(chance, units, chunk);
    const world = await ready(declaration, units);
    const set = await taskSetOf(world.tools, world.workload, world.plan, now);

    const tasks = await listOf(set, 0, set.count);
    const found = tasks.flatMap((task) => unitsOf(world, task));
    const alone = {
      ...declaration,
      work: { ...declaration.work, chunk: 1 },
    } as WorkloadDeclaration;
    const other = await ready(alone, units);
    const single = await taskSetOf(other.tools, other.workload, other.plan, now);

    expect(set.count).toBe(Math.ceil(units / chunk));
    expect(tasks.map(({ id }) => id)).toEqual([...idsOf(set)]);
    expect(new Set(tasks.map(({ id }) => id)).size).toBe(set.count);
    // A unit in a chunk says of itself what its own task would have been.
    expect(found).toEqual((await listOf(single, 0, units)).flatMap((task) => unitsOf(other, task)));
  }
});

test('a task set built in slices is the same set', async () => {
  const chance = seeded(5);
  for (let round = 0; round < 20; round++) {
    const units = chance.whole(1, 60);
    const world = await ready(someWork(chance, units, chance.whole(1, 5)), units);
    const set = await taskSetOf(world.tools, world.workload, world.plan, now);
    const whole = await listOf(set, 0, set.count);

    const pieces = [];
    for (let from = 0; from < set.count;) {
      const to = from + chance.whole(1, 20);
      pieces.push(...(await listOf(set, from, to)));
      from = to;
    }
    expect(pieces).toEqual(whole);
    const index = chance.whole(0, set.count - 1);
    expect(await set.task(index)).toEqual(whole[index]);
  }
});

test('listed tasks get all inputs of the run', async () => {
  const tasks = [{ id: 'train' }, { id: 'check', after: ['train'] }];
  const world = await ready(
    { ...base, inputs: { container: 'inbox' }, work: { kind: 'tasks', task: echo, tasks } },
    2,
  );
  const { plan, tools, workload } = world;
  const set = await taskSetOf(tools, workload, plan, now);

  const staging = `memory://${plan.stagingContainer}`;
  const inputs = [
    { containerUrl: `${staging}/?read-for=210`, prefix: 'inputs/' },
    { url: `${staging}/inputs.json?read-for=210`, path: 'inputs.json', mode: null },
  ];
  const made = await listOf(set, 0, set.count);
  expect(made.map(({ id, resourceFiles }) => ({ id, resourceFiles }))).toEqual([
    { id: 'train', resourceFiles: inputs },
    { id: 'check', resourceFiles: inputs },
  ]);
});
