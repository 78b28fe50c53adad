/** A clock that moves only from one appointment to the next. */

export interface Appointment {
  readonly at: number;
  cancelled: boolean;
}

interface Entry extends Appointment {
  readonly order: number;
  readonly act: () => void;
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;

/**
 * The list of events to come with their times. Appointments of one instant are kept in the order in which they were
 * made, so a world plays the same way every time.
 */
export class Agenda {
  /** Unix milliseconds. */
  now: number;
  readonly #heap: Entry[] = [];
  #made = 0;
  #unsettled = false;

  constructor(start: number) {
    this.now = start;
  }

  at(time: number, act: () => void): Appointment {
    const entry: Entry = {
      at: Math.max(time, this.now),
      order: this.#made++,
      act,
      cancelled: false,
    };
    this.#heap.push(entry);
    rise(this.#heap);
    return entry;
  }

  in(milliseconds: number, act: () => void): Appointment {
    return this.at(this.now + milliseconds, act);
  }

  /** Resolves after that time on this clock. */
  pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.in(milliseconds, () => {
        this.unsettle();
        resolve();
      });
    });
  }

  /** Promises are on their way: they are awaited before the next appointment. */
  unsettle(): void {
    this.#unsettled = true;
  }

  /** Keeps all appointments up to `end`, or until `isOver` says so after one of them. */
  async runUntil(end: number, isOver: () => boolean = () => false): Promise<void> {
    for (;;) {
      while (this.#unsettled) await this.#settle();
      if (isOver()) return;
      const next = this.#heap[0];
      if (next === undefined || next.at > end) break;
      takeFirst(this.#heap);
      if (next.cancelled) continue;
      this.now = next.at;
      next.act();
    }
    this.now = Math.max(this.now, end);
  }

  /** Every promise of the code under test settles within microtasks, all of which come before a tick. */
  #settle(): Promise<void> {
    this.#unsettled = false;
    return new Promise((resolve) => {
      process.nextTick(resolve);
    });
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

function rise(heap: Entry[]): void {
  let index = heap.length - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!swapIfBefore(heap, index, parent)) return;
    index = parent;
  }
}

function takeFirst(heap: Entry[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  heap[0] = last;
  let index = 0;
  for (;;) {
    const left = 2 * index + 1;
    const [one, other] = [heap[left], heap[left + 1]];
    if (one === undefined) return;
    const child = other !== undefined && isBefore(other, one) ? left + 1 : left;
    if (!swapIfBefore(heap, child, index)) return;
    index = child;
  }
}

function swapIfBefore(heap: Entry[], child: number, parent: number): boolean {
  const [below, above] = [heap[child], heap[parent]];
  if (below === undefined || above === undefined || !isBefore(below, above)) return false;
  heap[child] = above;
  heap[parent] = below;
  return true;
}
