import { expect, test } from 'vitest';
import { blockedBy, rootsIn, type Linked } from '../../src/workload/task-graph';
import { seeded, type Seeded } from '../seeded';
import { checkTaskGraph } from '../../src/workload/checks/task-graph';

/** `b: a` reads: b after a. */
function listed(text: string): readonly Linked[] {
  return text.split(', ').map((part) => {
    const [id = '', after = ''] = part.split(': ');
    return { id, after: after === '' ? [] : after.split(' ') };
  });
}

function errorsOf(tasks: readonly Linked[]): readonly string[] {
  return [...checkTaskGraph(tasks)].map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('tasks may depend on others, in any order of the list [NB11]', () => {
  const tasks = listed('publish: train test, test: fetch, fetch, train: fetch');

  expect(errorsOf(tasks)).toEqual([]);
  expect(rootsIn(tasks)).toBe(1);
});

test.each([
  ['a task that depends on itself', 'a: a', 'a → a'],
  ['two tasks that depend on each other', 'a: b, b: a', 'a → b → a'],
  ['a long cycle, without the tasks around it', 'x: a, a: b, b: c, c: a, y', 'a → b → c → a'],
])('%s can never start [NB11]', (_what, text, cycle) => {
  expect(errorsOf(listed(text))).toEqual([
    `tasks: these tasks could never start, since each waits for the next: ${cycle}`,
  ]);
});

test('a repeated id and an unknown one are reported with their place; Batch ids ignore case', () => {
  expect(errorsOf(listed('a, A: b, c: a d'))).toEqual([
    'tasks.1.id: another task is called A',
    'tasks.1.after: no task is called b',
    'tasks.2.after: no task is called d',
  ]);
});

test('a task must not depend on more ids than Batch allows', () => {
  const many = Array.from({ length: 1001 }, (_, at) => ({
    id: `t${at}`.padEnd(64, '-'),
    after: [],
  }));
  const last = { id: 'last', after: many.map(({ id }) => id) };

  expect(errorsOf([...many, last])).toEqual([
    'tasks.1001.after: lists ids with 64064 characters in total, and Batch allows 64000; use shorter ids',
  ]);
});

test('tasks that depend on a failed task are blocked, directly or through others', () => {
  const tasks = listed('d: c, c: a b, a, b, e: b, f');

  expect(blockedBy(tasks, ['A'])).toEqual(['c', 'd']);
  expect(blockedBy(tasks, ['a', 'b'])).toEqual(['c', 'e', 'd']);
  expect(blockedBy(tasks, [])).toEqual([]);
});

/** Tasks that depend on earlier ones only, shuffled. */
function someGraph(chance: Seeded): readonly Linked[] {
  const size = chance.whole(1, 30);
  const tasks = Array.from({ length: size }, (_, at) => ({
    id: `t${at}`,
    after: Array.from(
      { length: at === 0 ? 0 : chance.whole(0, 3) },
      () => `t${chance.whole(0, at - 1)}`,
    ),
  }));
  return tasks
    .map((task) => ({ task, at: chance.next() }))
    .sort((one, other) => one.at - other.at)
    .map(({ task }) => task);
}

test('in any list without a cycle, exactly the tasks with a failed ancestor are blocked', () => {
  const chance = seeded(11);
  for (let round = 0; round < 300; round++) {
    const tasks = someGraph(chance);
    const byId = new Map(tasks.map((task) => [task.id, task]));
    const failed = new Set(tasks.filter(() => chance.next() < 0.15).map(({ id }) => id));
    const isLost = (id: string): boolean =>
      byId.get(id)?.after.some((other) => failed.has(other) || isLost(other)) ?? false;

    expect(errorsOf(tasks)).toEqual([]);
    expect([...blockedBy(tasks, failed)].sort()).toEqual(
      tasks
        .filter(({ id }) => isLost(id))
        .map(({ id }) => id)
        .sort(),
    );
  }
});

test('in any list with a cycle, the reported cycle is one', () => {
  const chance = seeded(12);
  for (let round = 0; round < 300; round++) {
    const tasks = someGraph(chance).map((task) => ({ ...task }));
    const [first, ...rest] = tasks;
    const last = rest.at(-1) ?? first;
    if (first === undefined || last === undefined) continue;
    first.after = [...first.after, last.id];
    last.after = [...last.after, first.id];

    const [error = ''] = errorsOf(tasks);
    const cycle = error.split('next: ')[1]?.split(' → ') ?? [];
    const after = new Map(tasks.map((task) => [task.id, task.after]));
    expect(cycle.length).toBeGreaterThan(1);
    expect(cycle.at(-1)).toBe(cycle[0]);
    for (const [at, id] of cycle.slice(0, -1).entries()) {
      expect(after.get(id)).toContain(cycle[at + 1]);
    }
  }
});
