import type { FieldError } from '../validation';
import type { Linked } from '../task-graph';
import { keyOf, MAX_DEPENDENCY_CHARACTERS, inOrder } from '../task-graph';

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
