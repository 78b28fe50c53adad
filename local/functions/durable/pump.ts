/**
 * Works through keys, `width` at a time, each key once however often it is added while it waits,
 * and never twice at the same time: one that is added while it is worked on comes again after.
 */
export class Pump {
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  /** Added again while running; whether the next time may be put off. */
  readonly #again = new Map<string, boolean>();
  readonly #resting = new Map<string, NodeJS.Timeout>();
  /** How long the last work on a key took, where it was long and there is a reason to rest. */
  readonly #lastMs = new Map<string, number>();
  #isScheduled = false;
  #isStopped = false;

  constructor(readonly options: PumpOptions) {}

  /**
   * `mayRest`: more is on its way to this key, so after a long piece of work on it the next one
   * waits as long again and finds more to do at once.
   */
  add(key: string, mayRest = false): void {
    if (this.#isStopped || this.#waiting.has(key)) return;
    if (this.#running.has(key)) {
      this.#again.set(key, mayRest);
      return;
    }
    const restMs = mayRest ? this.#lastMs.get(key) : undefined;
    if (restMs === undefined) this.#ready(key);
    else if (!this.#resting.has(key))
      this.#resting.set(
        key,
        setTimeout(() => this.#ready(key), restMs),
      );
  }

  /** There will be no more work on this key. */
  forget(key: string): void {
    this.#lastMs.delete(key);
  }

  /** What is worked on now. */
  get running(): readonly string[] {
    return [...this.#running];
  }

  get isIdle(): boolean {
    return this.#waiting.size + this.#running.size + this.#resting.size === 0;
  }

  /** Starts nothing any more; resolves when nothing runs, or after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    this.#waiting.clear();
    for (const timer of this.#resting.values()) clearTimeout(timer);
    this.#resting.clear();
    if (this.#running.size === 0) return;

    let timer: NodeJS.Timeout | undefined;
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    const drained = new Promise<void>((resolve) => {
      this.#onDrained = resolve;
    });
    await Promise.race([grace, drained]);
    clearTimeout(timer);
  }

  #onDrained: (() => void) | undefined;

  #ready(key: string): void {
    clearTimeout(this.#resting.get(key));
    this.#resting.delete(key);
    this.#waiting.add(key);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Not at once: what else happens in this turn of the event loop is then seen together.
    setImmediate(() => {
      this.#isScheduled = false;
      this.#fill();
    });
  }

  #fill(): void {
    for (const key of this.#waiting) {
      if (this.#running.size >= this.options.width) return;
      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#run(key);
    }
  }

  async #run(key: string): Promise<void> {
    const start = performance.now();
    try {
      await this.options.work(key);
    } catch (error) {
      this.options.report(error);
    }
    if (this.options.rests === true) this.#keepTime(key, performance.now() - start);
    this.#running.delete(key);
    const mayRest = this.#again.get(key);
    this.#again.delete(key);
    if (mayRest !== undefined) this.add(key, mayRest);
    this.#fill();
    if (this.#running.size === 0) this.#onDrained?.();
    if (this.isIdle) this.options.onRest();
  }

  #keepTime(key: string, ms: number): void {
    if (ms >= LONG_MS) this.#lastMs.set(key, Math.min(ms, LONGEST_REST_MS));
    else this.#lastMs.delete(key);
  }
}

const LONG_MS = 4;
const LONGEST_REST_MS = 500;

export interface PumpOptions {
  readonly width: number;
  readonly work: (key: string) => Promise<void>;
  readonly report: (error: unknown) => void;
  /** Whether work on a key may be put off; see `add`. */
  readonly rests?: boolean;
  /** Nothing runs and nothing waits. */
  readonly onRest: () => void;
}
