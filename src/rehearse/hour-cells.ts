import { HOUR } from './clock';
import type { LocalDay } from './days';
import { dayIndexOf } from './days';

const HOURS = 24;

/** The most runs that were active at once in each hour of each day. */
export class HourCells {
  readonly #cells: number[][];
  #active = 0;
  #at: number;

  constructor(readonly days: readonly LocalDay[]) {
    this.#cells = days.map(() => Array.from({ length: HOURS }, () => 0));
    this.#at = days[0]?.from ?? 0;
  }

  ofDay(index: number): readonly number[] {
    return this.#cells[index] ?? [];
  }

  /** From `now` on this number of runs is active. */
  set(now: number, active: number): void {
    if (this.#active > 0) {
      for (let at = this.#at; at < now; at = nextHour(this.#dayAt(at), at)) this.#note(at);
    }
    this.#active = active;
    this.#at = Math.max(this.#at, now);
    this.#note(this.#at);
  }

  #dayAt(at: number): LocalDay | undefined {
    return this.days[dayIndexOf(this.days, at)];
  }

  #note(at: number): void {
    const index = dayIndexOf(this.days, at);
    const cells = this.#cells[index];
    const day = this.days[index];
    if (cells === undefined || day === undefined) return;
    const hour = hourOf(day, at);
    cells[hour] = Math.max(cells[hour] ?? 0, this.#active);
  }
}

/** Days on which the clock changes have 23 or 25 hours, which are drawn as 24 parts of the same length. */
function hourOf({ from, until }: LocalDay, at: number): number {
  const hour = Math.floor(((at - from) / (until - from)) * HOURS);
  return Math.min(HOURS - 1, Math.max(0, hour));
}

function nextHour(day: LocalDay | undefined, at: number): number {
  if (day === undefined) return at + HOUR;
  const length = (day.until - day.from) / HOURS;
  return Math.min(day.until, day.from + (Math.floor((at - day.from) / length) + 1) * length);
}
