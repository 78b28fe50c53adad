/**
 * A value that is not there yet. Unlike a promise, what waits for it goes on at once, inside
 * `settle`: the engine that this imitates runs on a synchronous scheduler, and the numbers it
 * hands out depend on that order.
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

/** `value` is what the HTTP calls answered; nothing else is looked at. */
export interface Outcome {
  readonly failed: boolean;
  readonly value?: unknown;
}

/** A stretch of the replay that waits on futures: `yield` one, get how it ended. */
export type Routine = Generator<Future, Outcome, Outcome>;

/** Runs a routine as far as it gets; the answer settles when it returns. */
export function run(routine: Routine): Future {
  const result = new Future();
  const step = (outcome: Outcome) => {
    let next = routine.next(outcome);
    // A loop, not a recursion, over what has settled already: lists are long.
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
