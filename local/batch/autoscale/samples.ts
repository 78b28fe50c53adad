import type { Sample, SampledVariable } from './inputs';

export interface SampleHistoryOptions {
  /** Time until a sample is visible. The documentation states about a minute. */
  readonly visibilityDelayMs?: number;
  /**
   * Time that a sample is kept. Unconfirmed: the length of the service's history is not published.
   */
  readonly windowMs?: number;
  /** Returns true to lose a sample, as Batch does at times. */
  readonly drops?: (variable: SampledVariable, at: Date) => boolean;
}

const VISIBILITY_DELAY_MS = 60_000;
const WINDOW_MS = 24 * 3_600_000;

/** The samples of one instant, in Unix milliseconds. */
export interface SampleSet {
  readonly at: number;
  readonly values: Partial<Readonly<Record<SampledVariable, number>>>;
}

/** The sample history of a pool, which its autoscale formula reads. */
export class SampleHistory {
  readonly #series = new Map<SampledVariable, Sample[]>();
  readonly #visibilityDelayMs: number;
  readonly #windowMs: number;
  readonly #drops: (variable: SampledVariable, at: Date) => boolean;

  constructor(options: SampleHistoryOptions = {}) {
    this.#visibilityDelayMs = options.visibilityDelayMs ?? VISIBILITY_DELAY_MS;
    this.#windowMs = options.windowMs ?? WINDOW_MS;
    this.#drops = options.drops ?? (() => false);
  }

  /** Records one sample. A second one of the same instant replaces the first. */
  record(variable: SampledVariable, at: Date, value: number): void {
    if (this.#drops(variable, at)) return;
    const samples = this.#series.get(variable) ?? [];
    this.#series.set(variable, samples);

    const sample = { at: at.getTime(), value };
    const before = samples.findLastIndex((other) => other.at <= sample.at);
    const replaced = samples[before]?.at === sample.at ? 1 : 0;
    samples.splice(before + 1 - replaced, replaced, sample);

    const newest = samples.at(-1)?.at ?? sample.at;
    const expired = samples.findIndex((other) => other.at > newest - this.#windowMs);
    if (expired > 0) samples.splice(0, expired);
  }

  /** The samples that a formula evaluated at `now` reads, oldest first. */
  visible(variable: SampledVariable, now: Date): readonly Sample[] {
    const samples = this.#series.get(variable) ?? [];
    const latest = now.getTime() - this.#visibilityDelayMs;
    return samples.slice(0, samples.findLastIndex((sample) => sample.at <= latest) + 1);
  }

  /** All samples that are kept, grouped by their instant. */
  sampleSets(): readonly SampleSet[] {
    const byTime = new Map<number, Partial<Record<SampledVariable, number>>>();
    for (const [variable, samples] of this.#series) {
      for (const { at, value } of samples) {
        const values = byTime.get(at) ?? {};
        byTime.set(at, values);
        values[variable] = value;
      }
    }
    return [...byTime].map(([at, values]) => ({ at, values }));
  }
}
