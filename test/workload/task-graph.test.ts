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

function mistakesOf(tasks: readonly Linked[]): readonly string[] {
  return [...checkTaskGraph(tasks)].map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('tasks may wait for others, whatever their order in the list [NB11]', () => {
  const tasks = listed('publish: train test, test: fetch, fetch, train: fetch');

  expect(mistakesOf(tasks)).toEqual([]);
  expect(rootsIn(tasks)).toBe(1);
});

test.each([
  ['a task that waits for itself', 'a: a', 'a → a'],
  ['two that wait for each other', 'a: b, b: a', 'a → b → a'],
  ['a long circle, and no more than the circle', 'x: a, a: b, b: c, c: a, y', 'a → b → c → a'],
])('%s can never begin [NB11]', (_what, text, circle) => {
  expect(mistakesOf(listed(text))).toEqual([
    `tasks: none of these could ever begin, each waits for the next: ${circle}`,
  ]);
});

test('an id that comes twice and one that nobody has are named where they stand; Batch ids ignore case', () => {
  expect(mistakesOf(listed('a, A: b, c: a d'))).toEqual([
    'tasks.1.id: another task is called A',
    'tasks.1.after: no task is called b',
    'tasks.2.after: no task is called d',
  ]);
});

test('a task may wait for no more ids than Batch takes', () => {
  const many = Array.from({ length: 1001 }, (_, at) => ({
    id: `t${at}`.padEnd(64, '-'),
    after: [],
  }));
  const last = { id: 'last', after: many.map(({ id }) => id) };

  expect(mistakesOf([...many, last])).toEqual([
    'tasks.1001.after: lists ids of 64064 characters, Batch takes 64000; use shorter ids',
  ]);
});

test('what waits for a failed task is blocked, and what waits for that', () => {
  const tasks = listed('d: c, c: a b, a, b, e: b, f');

  expect(blockedBy(tasks, ['A'])).toEqual(['c', 'd']);
  expect(blockedBy(tasks, ['a', 'b'])).toEqual(['c', 'e', 'd']);
  expect(blockedBy(tasks, [])).toEqual([]);
});

/** Tasks that wait only for earlier ones, then shuffled. */
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

test('of any list without a circle, blocked are exactly those with a failure among their ancestors', () => {
  const chance = seeded(11);
  for (let round = 0; round < 300; round++) {
    const tasks = someGraph(chance);
    const byId = new Map(tasks.map((task) => [task.id, task]));
    const failed = new Set(tasks.filter(() => chance.next() < 0.15).map(({ id }) => id));
    const isLost = (id: string): boolean =>
      byId.get(id)?.after.some((other) => failed.has(other) || isLost(other)) ?? false;

    expect(mistakesOf(tasks)).toEqual([]);
    expect([...blockedBy(tasks, failed)].sort()).toEqual(
      tasks
        .filter(({ id }) => isLost(id))
        .map(({ id }) => id)
        .sort(),
    );
  }
});

test('of any list with a circle, the circle that is named is one', () => {
  const chance = seeded(12);
  for (let round = 0; round < 300; round++) {
    const tasks = someGraph(chance).map((task) => ({ ...task }));
    const [first, ...rest] = tasks;
    const last = rest.at(-1) ?? first;
    if (first === undefined || last === undefined) continue;
    first.after = [...first.after, last.id];
    last.after = [...last.after, first.id];

    const [mistake = ''] = mistakesOf(tasks);
    const circle = mistake.split('next: ')[1]?.split(' → ') ?? [];
    const after = new Map(tasks.map((task) => [task.id, task.after]));
    expect(circle.length).toBeGreaterThan(1);
    expect(circle.at(-1)).toBe(circle[0]);
    for (const [at, id] of circle.slice(0, -1).entries()) {
      expect(after.get(id)).toContain(circle[at + 1]);
    }
  }
});
