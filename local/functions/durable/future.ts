/**
 * A value that is not available yet. Unlike with a promise, waiters continue at once, inside
 * `settle`: the imitated engine runs on a synchronous scheduler, and the numbers of its events
 * depend on that order.
 */
export class Future {
  #outcome: Outcome | undefined;
  #waiting: (() => void)[] = [];

  static readonly done = (): Future => {
    const future = new Future();
    future.settle({ failed: false });
    return future;
  };

  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  settle(outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const goOn of waiting) goOn();
  }

  whenSettled(goOn: () => void): void {
    if (this.#outcome === undefined) this.#waiting.push(goOn);
    else goOn();
  }
}

/** `value` is the result of an HTTP call; other values are not read. */
export interface Outcome {
  readonly failed: boolean;
  readonly value?: unknown;
}

/** A part of the replay that waits on futures: `yield` a future, get its outcome. */
export type Routine = Generator<Future, Outcome, Outcome>;

/** Runs a routine as far as possible; the returned future settles when the routine returns. */
export function run(routine: Routine): Future {
  const result = new Future();
  const step = (outcome: Outcome) => {
    let next = routine.next(outcome);
    // A loop, not a recursion, over settled futures: lists are long.
    while (next.done !== true && next.value.outcome !== undefined)
      next = routine.next(next.value.outcome);
    if (next.done === true) {
      result.settle(next.value);
      return;
    }
    const awaited = next.value;
    awaited.whenSettled(() => step(awaited.outcome ?? { failed: true }));
  };
  step({ failed: false });
  return result;
}
