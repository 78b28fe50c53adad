import {
  combinationAt,
  combinationsIn,
  formatCombination,
  isRange,
  sizeOf,
  type Sweep,
  type SweepRange,
} from '../sweep';
import type { FieldError } from '../validation';

/** Sweeps that never end, do not match or contain a combination twice. Paths begin below `work`. */
export function* checkSweep(sweep: Sweep, maxCombinations: number): Generator<FieldError> {
  const axes = Object.entries(sweep.over);
  if (axes.length === 0) yield { path: ['over'], message: 'must name at least one variable' };
  let isSound = axes.length > 0;
  for (const [name, values] of axes) {
    const message = isRange(values) ? rangeError(values) : listError(values, sweep);
    if (message === undefined) continue;
    isSound = false;
    yield { path: ['over', name], message };
  }
  if (!isSound) return;
  const combinations = combinationsIn(sweep);
  if (combinations > maxCombinations) {
    yield {
      path: ['over'],
      message: `makes ${combinations} combinations, more than ${maxCombinations}; use fewer values, or raise maxTasks or chunk`,
    };
  } else if (sweep.combine === 'zip') {
    const message = zipError(sweep);
    if (message !== undefined) yield { path: ['over'], message };
  }
}

function rangeError({ from, to, step }: SweepRange): string | undefined {
  if (step !== 0 && (to - from) * step >= 0) return undefined;
  return `steps of ${step} from ${from} never reach ${to}; change the sign of "step" or swap "from" and "to"`;
}

/** In a zip a value may be repeated beside different values of the other names. */
function listError(
  values: readonly (string | number | boolean)[],
  { combine }: Sweep,
): string | undefined {
  const repeated = combine === 'zip' ? undefined : firstRepeated(values.map(String));
  if (repeated === undefined) return undefined;
  return `lists ${JSON.stringify(repeated)} twice, which would make the same task twice`;
}

function zipError(sweep: Sweep): string | undefined {
  const sizes = Object.entries(sweep.over).map(([name, values]) => [name, sizeOf(values)] as const);
  if (new Set(sizes.map(([, size]) => size)).size > 1) {
    const list = sizes.map(([name, size]) => `${name} ${size}`).join(', ');
    return `"zip" needs the same number of values for each name (${list})`;
  }
  const all = Array.from({ length: combinationsIn(sweep) }, (_, index) =>
    formatCombination(combinationAt(sweep, index)),
  );
  const repeated = firstRepeated(all);
  return repeated === undefined ? undefined : `"zip" makes the combination ${repeated} twice`;
}

function firstRepeated(texts: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const text of texts) {
    if (seen.has(text)) return text;
    seen.add(text);
  }
  return undefined;
}
