import { Dependencies } from '../tasks/dependencies';
import { Queue } from './queue';
import type { TaskRecord } from './records';

export interface Counts {
  active: number;
  running: number;
  completed: number;
  succeeded: number;
  failed: number;
}

/**
 * The tasks of one job, with indexes instead of scans: the counts by state, the queue of ready
 * tasks, and the dependencies. A job may have a million tasks.
 */
export class TaskLedger {
  readonly tasks: Counts = { active: 0, running: 0, completed: 0, succeeded: 0, failed: 0 };
  readonly slots: Counts = { active: 0, running: 0, completed: 0, succeeded: 0, failed: 0 };
  /** Tasks that may run, in the order in which they became ready. */
  readonly ready = new Queue<TaskRecord>();
  readonly #byKey = new Map<string, TaskRecord>();
  readonly #dependencies = new Dependencies();
  /** By `seq`; a deleted task stays in the list until the next compaction. */
  #list: TaskRecord[] = [];
  #readyCount = 0;

  /** Active tasks whose dependencies are satisfied. */
  get readyCount(): number {
    return this.#readyCount;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(id: string): TaskRecord | undefined {
    return this.#byKey.get(id.toLowerCase());
  }

  has(task: TaskRecord): boolean {
    return this.#byKey.get(task.spec.id.toLowerCase()) === task;
  }

  all(): Iterable<TaskRecord> {
    return this.#byKey.values();
  }

  running(): readonly TaskRecord[] {
    if (this.tasks.running === 0) return [];
    return this.#list.filter(
      (task) => (task.state === 'running' || task.state === 'preparing') && this.has(task),
    );
  }

  add(task: TaskRecord): void {
    this.#byKey.set(task.spec.id.toLowerCase(), task);
    this.#list.push(task);
    if (task.state !== 'completed') this.#dependencies.add(task);
    this.#count(task, 1);
    if (this.#isReady(task)) this.ready.push(task);
    if (task.satisfies === true) this.satisfy(task);
  }

  remove(task: TaskRecord): void {
    this.#count(task, -1);
    this.#byKey.delete(task.spec.id.toLowerCase());
    this.#dependencies.remove(task);
    if (this.#list.length > 64 && this.#list.length > 2 * this.#byKey.size) {
      this.#list = this.#list.filter((other) => this.has(other));
    }
  }

  /** Changes a task's state, result or slots, and updates the counters. */
  change(task: TaskRecord, change: () => void): void {
    const wasReady = this.#isReady(task);
    this.#count(task, -1);
    change();
    this.#count(task, 1);
    if (!wasReady && this.#isReady(task)) this.ready.push(task);
  }

  /** Makes the tasks ready that waited for this one alone. */
  satisfy(task: TaskRecord): void {
    for (const freed of this.#dependencies.satisfy(task)) {
      if (freed.state !== 'active') continue;
      this.#readyCount += 1;
      this.ready.push(freed);
    }
  }

  /** A queued task may no longer be ready, after a terminate or delete request. */
  isReady(task: TaskRecord): boolean {
    return this.#isReady(task) && this.has(task);
  }

  /** Tasks after a position in the list, in order. */
  *after(seq: number): Iterable<TaskRecord> {
    for (let index = this.#firstAfter(seq); index < this.#list.length; index += 1) {
      const task = this.#list[index];
      if (task !== undefined && this.has(task)) yield task;
    }
  }

  #firstAfter(seq: number): number {
    let low = 0;
    let high = this.#list.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#list[middle]?.seq ?? 0) <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isReady(task: TaskRecord): boolean {
    return task.state === 'active' && !this.#dependencies.isWaiting(task);
  }

  #count(task: TaskRecord, by: 1 | -1): void {
    const slots = by * (task.spec.requiredSlots ?? 1);
    const bucket =
      task.state === 'active' ? 'active' : task.state === 'completed' ? 'completed' : 'running';
    this.tasks[bucket] += by;
    this.slots[bucket] += slots;
    if (bucket === 'completed') {
      const outcome = task.result === 'success' ? 'succeeded' : 'failed';
      this.tasks[outcome] += by;
      this.slots[outcome] += slots;
    }
    if (this.#isReady(task)) this.#readyCount += by;
  }
}
