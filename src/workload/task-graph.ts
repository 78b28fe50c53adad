import type { FieldError } from './validation';

/** Tasks that wait for one another: what is wrong with such a list, and what a failure blocks. */

export interface Linked {
  readonly id: string;
  /** Ids of tasks that must have succeeded before. */
  readonly after: readonly string[];
}

/** Batch ids ignore case. */
const keyOf = (id: string): string => id.toLowerCase();

/** How many tasks of the list may begin at once. */
export function rootsIn(tasks: readonly Linked[]): number {
  return tasks.filter(({ after }) => after.length === 0).length;
}

/** Tasks that can never begin, since one they wait for failed or cannot begin itself. */
export function blockedBy(tasks: readonly Linked[], failed: Iterable<string>): readonly string[] {
  const lost = new Set([...failed].map(keyOf));
  return inOrder(tasks)
    .filter(({ id, after }) => {
      const isBlocked = after.some((other) => lost.has(keyOf(other)));
      if (isBlocked) lost.add(keyOf(id));
      return isBlocked;
    })
    .map(({ id }) => id);
}

/** Every task after those it waits for. Tasks that wait for themselves, by whatever detour, are left out. */
function inOrder<Task extends Linked>(tasks: readonly Task[]): readonly Task[] {
  const waiting = new Map(
    tasks.map(({ id, after }) => [keyOf(id), new Set(after.map(keyOf)).size]),
  );
  const followers = new Map<string, Task[]>();
  for (const task of tasks) {
    for (const other of new Set(task.after.map(keyOf))) {
      const known = followers.get(other);
      if (known === undefined) followers.set(other, [task]);
      else known.push(task);
    }
  }
  const ordered = tasks.filter(({ after }) => after.length === 0);
  for (const { id } of ordered) {
    for (const follower of followers.get(keyOf(id)) ?? []) {
      const key = keyOf(follower.id);
      const left = (waiting.get(key) ?? 0) - 1;
      waiting.set(key, left);
      if (left === 0) ordered.push(follower);
    }
  }
  return ordered;
}

/** Batch refuses a dependency list longer than this in total (TaskDependencyListTooLong). */
export const MAX_DEPENDENCY_CHARACTERS = 64_000;

/** Ids that come twice or do not exist, lists that are too long, and circles. */
export function* checkTaskGraph(tasks: readonly Linked[]): Generator<FieldError> {
  const known = new Set<string>();
  let sound = true;
  for (const [index, { id }] of tasks.entries()) {
    if (known.has(keyOf(id))) {
      sound = false;
      yield { path: ['tasks', index, 'id'], message: `another task is called ${id}` };
    }
    known.add(keyOf(id));
  }
  for (const [index, { after }] of tasks.entries()) {
    const message = afterMistake(after, known);
    if (message === undefined) continue;
    sound = false;
    yield { path: ['tasks', index, 'after'], message };
  }
  const circle = sound ? circleIn(tasks) : undefined;
  if (circle === undefined) return;
  yield {
    path: ['tasks'],
    message: `none of these could ever begin, each waits for the next: ${circle.join(' → ')}`,
  };
}

function afterMistake(after: readonly string[], known: ReadonlySet<string>): string | undefined {
  const unknown = after.find((id) => !known.has(keyOf(id)));
  if (unknown !== undefined) return `no task is called ${unknown}`;
  const characters = after.reduce((sum, id) => sum + id.length, 0);
  if (characters <= MAX_DEPENDENCY_CHARACTERS) return undefined;
  return `lists ids of ${characters} characters, Batch takes ${MAX_DEPENDENCY_CHARACTERS}; use shorter ids`;
}

/** The ids along one circle, the first again at its end. */
function circleIn(tasks: readonly Linked[]): readonly string[] | undefined {
  const free = new Set(inOrder(tasks).map(({ id }) => keyOf(id)));
  const stuck = new Map(
    tasks.filter(({ id }) => !free.has(keyOf(id))).map((task) => [keyOf(task.id), task]),
  );
  const path = new Set<string>();
  let [at] = stuck.values();
  while (at !== undefined && !path.has(at.id)) {
    path.add(at.id);
    // Whoever is stuck waits for somebody who is stuck.
    const next = at.after.find((id) => stuck.has(keyOf(id)));
    at = next === undefined ? undefined : stuck.get(keyOf(next));
  }
  if (at === undefined) return undefined;
  const ids = [...path];
  return [...ids.slice(ids.indexOf(at.id)), at.id];
}
