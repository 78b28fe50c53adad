/**
 * Processes keys, `width` at a time: a key that is added several times while it waits is processed
 * once, and never twice at the same time; one that is added while it is processed is processed
 * again afterwards.
 */
export class Pump {
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  /** Set when the key was added again while running; the value says whether it may be delayed. */
  readonly #again = new Map<string, boolean>();
  readonly #delayed = new Map<string, NodeJS.Timeout>();
  /** Duration of the last processing of a key, where it was long and the next may be delayed. */
  readonly #lastMs = new Map<string, number>();
  #isScheduled = false;
  #isStopped = false;

  constructor(readonly options: PumpOptions) {}

  /**
   * `mayDelay`: more work for this key is expected, so after a long processing the next one is
   * delayed for the same time and then processes more at once.
   */
  add(key: string, mayDelay = false): void {
    if (this.#isStopped || this.#waiting.has(key)) return;
    if (this.#running.has(key)) {
      this.#again.set(key, mayDelay);
      return;
    }
    const delayMs = mayDelay ? this.#lastMs.get(key) : undefined;
    if (delayMs === undefined) this.#ready(key);
    else if (!this.#delayed.has(key))
      this.#delayed.set(
        key,
        setTimeout(() => this.#ready(key), delayMs),
      );
  }

  /** Announces that there is no more work on this key. */
  forget(key: string): void {
    this.#lastMs.delete(key);
  }

  /** The keys that are being processed. */
  get running(): readonly string[] {
    return [...this.#running];
  }

  get isIdle(): boolean {
    return this.#waiting.size + this.#running.size + this.#delayed.size === 0;
  }

  /** Starts no new work; resolves when nothing runs, or after `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true;
    this.#waiting.clear();
    for (const timer of this.#delayed.values()) clearTimeout(timer);
    this.#delayed.clear();
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
    clearTimeout(this.#delayed.get(key));
    this.#delayed.delete(key);
    this.#waiting.add(key);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Deferred, so that other work of the same event loop turn is processed together with it.
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
    if (this.options.mayDelay === true) this.#keepTime(key, performance.now() - start);
    this.#running.delete(key);
    const mayDelay = this.#again.get(key);
    this.#again.delete(key);
    if (mayDelay !== undefined) this.add(key, mayDelay);
    this.#fill();
    if (this.#running.size === 0) this.#onDrained?.();
    if (this.isIdle) this.options.onIdle();
  }

  #keepTime(key: string, ms: number): void {
    if (ms >= LONG_MS) this.#lastMs.set(key, Math.min(ms, MAX_DELAY_MS));
    else this.#lastMs.delete(key);
  }
}

const LONG_MS = 4;
const MAX_DELAY_MS = 500;

export interface PumpOptions {
  readonly width: number;
  readonly work: (key: string) => Promise<void>;
  readonly report: (error: unknown) => void;
  /** True when work on a key may be delayed; see `add`. */
  readonly mayDelay?: boolean;
  /** No work runs and none waits. */
  readonly onIdle: () => void;
}
