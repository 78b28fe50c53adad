import type { Clock } from '../../clock';

interface Entry {
  readonly key: string;
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/**
 * All scheduled callbacks, each under a key: setting a key again replaces its callback. The clock
 * holds one alarm only, for the earliest.
 */
export class Agenda {
  readonly #entries = new Map<string, Entry>();
  /**
   * A binary heap by time, then order of setting; replaced and cleared entries stay in it until
   * they are first.
   */
  readonly #heap: Entry[] = [];
  #alarm: { readonly at: number; readonly cancel: () => void } | undefined;
  #order = 0;
  #closed = false;

  constructor(private readonly clock: Clock) {}

  set(key: string, at: number, wake: () => void): void {
    if (this.#closed || at === Number.POSITIVE_INFINITY) {
      this.clear(key);
      return;
    }
    this.#order += 1;
    // Clocks count whole milliseconds; an alarm before its entry's time would repeat forever.
    const entry = { key, at: Math.ceil(at), order: this.#order, wake };
    this.#entries.set(key, entry);
    this.#push(entry);
    this.#arm();
  }

  clear(key: string): void {
    this.#entries.delete(key);
  }

  close(): void {
    this.#closed = true;
    this.#entries.clear();
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }

  #arm(): void {
    const first = this.#first();
    if (first === undefined || this.#closed) return;
    if (this.#alarm !== undefined && this.#alarm.at <= first.at) return;
    this.#alarm?.cancel();
    const cancel = this.clock.at(new Date(first.at), () => this.#ring());
    this.#alarm = { at: first.at, cancel };
  }

  #ring(): void {
    this.#alarm = undefined;
    const now = this.clock.now().getTime();
    for (let entry = this.#first(); entry !== undefined && entry.at <= now; entry = this.#first()) {
      this.#pop();
      this.#entries.delete(entry.key);
      entry.wake();
    }
    this.#arm();
  }

  /** The earliest current entry; removes the stale entries before it. */
  #first(): Entry | undefined {
    for (let top = this.#heap[0]; top !== undefined; top = this.#heap[0]) {
      if (this.#entries.get(top.key) === top) return top;
      this.#pop();
    }
    return undefined;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || isBefore(parent, entry)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = heap[index * 2 + 1];
      const right = heap[index * 2 + 2];
      const isRight = right !== undefined && left !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || isBefore(last, child)) break;
      heap[index] = child;
      index = index * 2 + (isRight ? 2 : 1);
    }
    heap[index] = last;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
