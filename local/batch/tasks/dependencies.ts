import type { TaskRecord } from '../state/records';

interface RangeWait {
  readonly child: TaskRecord;
  readonly start: number;
  readonly end: number;
}

/**
 * The dependencies between the tasks of a job. A task may name others before they exist. Ranges
 * compare ids as integers: 4, 04 and 004 are one number, and the first of them to succeed satisfies
 * it.
 */
export class Dependencies {
  /** Number of unsatisfied dependencies of a task; absent when there are none. */
  readonly #missing = new Map<TaskRecord, number>();
  readonly #children = new Map<string, TaskRecord[]>();
  #ranges: RangeWait[] = [];
  readonly #satisfiedIds = new Set<string>();
  readonly #satisfiedNumbers = new Set<number>();

  isWaiting(task: TaskRecord): boolean {
    return this.#missing.size > 0 && this.#missing.has(task);
  }

  add(task: TaskRecord): void {
    const { dependsOn } = task.spec;
    if (dependsOn === undefined) return;
    let missing = 0;
    for (const parentId of new Set(dependsOn.taskIds?.map((id) => id.toLowerCase()))) {
      if (this.#satisfiedIds.has(parentId)) continue;
      missing += 1;
      const children = this.#children.get(parentId);
      if (children === undefined) this.#children.set(parentId, [task]);
      else children.push(task);
    }
    for (const { start, end } of dependsOn.taskIdRanges ?? []) {
      const open = end - start + 1 - this.#satisfiedIn(start, end);
      if (open <= 0) continue;
      missing += open;
      this.#ranges.push({ child: task, start, end });
    }
    if (missing > 0) this.#missing.set(task, missing);
  }

  remove(task: TaskRecord): void {
    if (this.#missing.delete(task)) {
      this.#ranges = this.#ranges.filter((range) => range.child !== task);
    }
  }

  /** Returns the tasks whose last dependency this was. */
  satisfy(parent: TaskRecord): readonly TaskRecord[] {
    const key = parent.spec.id.toLowerCase();
    if (this.#satisfiedIds.has(key)) return [];
    this.#satisfiedIds.add(key);
    const freed: TaskRecord[] = [];
    for (const child of this.#children.get(key) ?? []) this.#satisfyOne(child, freed);
    this.#children.delete(key);

    const number = /^\d+$/.test(key) ? Number(key) : Number.NaN;
    if (Number.isNaN(number) || this.#satisfiedNumbers.has(number)) return freed;
    this.#satisfiedNumbers.add(number);
    for (const { child, start, end } of this.#ranges) {
      if (start <= number && number <= end) this.#satisfyOne(child, freed);
    }
    if (freed.length > 0) this.#ranges = this.#ranges.filter(({ child }) => this.isWaiting(child));
    return freed;
  }

  #satisfyOne(child: TaskRecord, freed: TaskRecord[]): void {
    const missing = this.#missing.get(child);
    if (missing === undefined) return;
    if (missing > 1) {
      this.#missing.set(child, missing - 1);
      return;
    }
    this.#missing.delete(child);
    freed.push(child);
  }

  #satisfiedIn(start: number, end: number): number {
    if (this.#satisfiedNumbers.size === 0) return 0;
    let found = 0;
    if (end - start < this.#satisfiedNumbers.size) {
      for (let number = start; number <= end; number += 1) {
        if (this.#satisfiedNumbers.has(number)) found += 1;
      }
      return found;
    }
    for (const number of this.#satisfiedNumbers) if (start <= number && number <= end) found += 1;
    return found;
  }
}
