import { inOrder, keyOf, MAX_DEPENDENCY_CHARACTERS, type Linked } from '../task-graph';
import type { FieldError } from '../validation';

/**
 * Repeated and unknown ids, dependency lists that are too long, and cycles. Paths begin below
 * `work`.
 */
export function* checkTaskGraph(tasks: readonly Linked[]): Generator<FieldError> {
  const known = new Set<string>();
  let isSound = true;
  for (const [index, { id }] of tasks.entries()) {
    if (known.has(keyOf(id))) {
      isSound = false;
      yield { path: ['tasks', index, 'id'], message: `another task is called ${id}` };
    }
    known.add(keyOf(id));
  }
  for (const [index, { after }] of tasks.entries()) {
    const message = dependencyError(after, known);
    if (message === undefined) continue;
    isSound = false;
    yield { path: ['tasks', index, 'after'], message };
  }
  const cycle = isSound ? cycleIn(tasks) : undefined;
  if (cycle === undefined) return;
  yield {
    path: ['tasks'],
    message: `these tasks could never start, since each waits for the next: ${cycle.join(' → ')}`,
  };
}

function dependencyError(after: readonly string[], known: ReadonlySet<string>): string | undefined {
  const unknown = after.find((id) => !known.has(keyOf(id)));
  if (unknown !== undefined) return `no task is called ${unknown}`;
  const characters = after.reduce((sum, id) => sum + id.length, 0);
  if (characters <= MAX_DEPENDENCY_CHARACTERS) return undefined;
  return `lists ids with ${characters} characters in total, and Batch allows ${MAX_DEPENDENCY_CHARACTERS}; use shorter ids`;
}

/** The ids along one cycle, the first repeated at its end. */
function cycleIn(tasks: readonly Linked[]): readonly string[] | undefined {
  const free = new Set(inOrder(tasks).map(({ id }) => keyOf(id)));
  const stuck = new Map(
    tasks.filter(({ id }) => !free.has(keyOf(id))).map((task) => [keyOf(task.id), task]),
  );
  const path = new Set<string>();
  let [at] = stuck.values();
  while (at !== undefined && !path.has(at.id)) {
    path.add(at.id);
    // Every stuck task waits for another stuck task.
    const next = at.after.find((id) => stuck.has(keyOf(id)));
    at = next === undefined ? undefined : stuck.get(keyOf(next));
  }
  if (at === undefined) return undefined;
  const ids = [...path];
  return [...ids.slice(ids.indexOf(at.id)), at.id];
}
