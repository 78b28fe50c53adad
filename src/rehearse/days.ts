import { instantOf, localDate, offsetAt } from '../workload/local-time';

/** A local day of a zone, from its midnight to the next. */
export interface LocalDay {
  /** As `YYYY-MM-DD`. */
  readonly day: string;
  readonly from: number;
  readonly until: number;
  /** True for a day on which a clock of these zones changes. */
  readonly changesClock: boolean;
}

const DAY = 86_400_000;

/** Local days from one on. Where a change of the clock skips midnight, the day begins with the change. */
export function localDays(
  first: string,
  count: number,
  zone: string,
  zones: readonly string[],
): readonly LocalDay[] {
  const start = Date.parse(`${first}T00:00:00Z`);
  return Array.from({ length: count }, (_, index) => {
    const from = instantOf(start + index * DAY, zone);
    const until = instantOf(start + (index + 1) * DAY, zone);
    return {
      day: localDate(from, zone),
      from,
      until,
      changesClock: zones.some((one) => offsetAt(from, one) !== offsetAt(until, one)),
    };
  });
}

/** The index of the day of an instant; the first or the last for one before or after all. */
export function dayIndexOf(days: readonly LocalDay[], at: number): number {
  let [low, high] = [0, days.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((days[middle]?.from ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
