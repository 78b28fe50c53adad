/** A task of a list with the tasks that it depends on. */
export interface Linked {
  readonly id: string;
  /** Ids of tasks that must have succeeded before. */
  readonly after: readonly string[];
}

/** Batch accepts no longer dependency list in total (TaskDependencyListTooLong). */
export const MAX_DEPENDENCY_CHARACTERS = 64_000;

/** The key of a task id: Batch ids ignore case. */
export function keyOf(id: string): string {
  return id.toLowerCase();
}

/** The number of tasks that can start at once. */
export function rootsIn(tasks: readonly Linked[]): number {
  return tasks.filter(({ after }) => after.length === 0).length;
}

/** Tasks that can never start, since a task they depend on failed or cannot start either. */
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

/**
 * Topological order: every task after its dependencies. Tasks that depend on a cycle are left out.
 */
export function inOrder<Task extends Linked>(tasks: readonly Task[]): readonly Task[] {
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
