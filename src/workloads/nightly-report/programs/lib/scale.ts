/** Maps values onto a stretch of the picture, and says where its ticks are. */
export interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly Tick[];
}

export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** A step that cuts the way from `low` to `high` into about `pieces`. */
export function stepBetween(low: number, high: number, pieces: number): number {
  const size = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const span = high > low ? high - low : size;
  // Numbers that differ in their last digits only cannot be cut finer than those digits.
  return niceStep(Math.max(span, size * 1e-12), pieces);
}

/** A step of 1, 2 or 5 times a power of ten that cuts `span` into about `pieces`. */
function niceStep(span: number, pieces: number): number {
  const rough = span / pieces;
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return power * (factor < 1.5 ? 1 : factor < 3.5 ? 2 : factor < 7.5 ? 5 : 10);
}

/** A scale for numbers from `low` to `high`, widened to whole steps. */
export function linearScale(
  [low, high]: readonly [number, number],
  [start, end]: readonly [number, number],
  pieces: number,
): Scale {
  const step = stepBetween(low, high, pieces);
  const first = Math.floor(low / step);
  const last = Math.max(Math.ceil(high / step), first + 1);

  return {
    place: (value) => start + ((value / step - first) / (last - first)) * (end - start),
    ticks: Array.from({ length: last - first + 1 }, (_, i) => {
      const value = (first + i) * step;
      return { value, label: formatNumber(value, step) };
    }),
  };
}

const SUFFIXES = [
  { from: 1e12, suffix: 'T' },
  { from: 1e9, suffix: 'G' },
  { from: 1e6, suffix: 'M' },
  { from: 1e4, suffix: 'k', unit: 1e3 },
] as const;

/** A number with the digits that matter at this step: 1,500 or 2.5 or 12 k. */
export function formatNumber(value: number, step: number): string {
  const size = Math.max(Math.abs(value), step);
  if (value === 0) return '0';
  if (size >= 1e15 || size < 1e-4) return value.toExponential(1).replace('.0e', 'e');

  const row = SUFFIXES.find(({ from }) => size >= from);
  const unit = row === undefined ? 1 : 'unit' in row ? row.unit : row.from;
  const digits = Math.min(6, Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9)));
  const text = (value / unit).toLocaleString('en', {
    minimumFractionDigits: row === undefined ? digits : 0,
    maximumFractionDigits: digits,
  });
  return `${text}${row === undefined ? '' : ` ${row.suffix}`}`;
}

const MONTH_NAMES = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
/** Steps of a time axis, in months. */
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 2400, 6000];

/** A scale for months (counted from January of the year 0), with ticks at round ones. */
export function monthScale(
  [low, high]: readonly [number, number],
  [start, end]: readonly [number, number],
  mostTicks: number,
): Scale {
  const span = Math.max(1, high - low);
  const step = MONTH_STEPS.find((months) => span / months <= mostTicks) ?? span;
  const first = Math.ceil(low / step);
  const count = Math.max(0, Math.floor(high / step) - first + 1);

  return {
    place: (month) => start + ((month - low) / span) * (end - start),
    ticks: Array.from({ length: count }, (_, i) => {
      const month = (first + i) * step;
      const year = String(Math.floor(month / 12));
      const name = MONTH_NAMES[month % 12] ?? '';
      return { value: month, label: step % 12 === 0 ? year : `${name} ${year}` };
    }),
  };
}
