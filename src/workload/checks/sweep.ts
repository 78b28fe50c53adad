import type { FieldError } from '../validation';
import type { Sweep, SweepRange } from '../sweep';
import { isRange, combinationsIn, sizeOf, formatCombination, combinationAt } from '../sweep';

/** What would make a sweep endless, lopsided or the same thing twice. */
export function* checkSweep(sweep: Sweep, maxCombinations: number): Generator<FieldError> {
  const axes = Object.entries(sweep.over);
  if (axes.length === 0) yield { path: ['over'], message: 'names nothing that varies' };
  let sound = axes.length > 0;
  for (const [name, values] of axes) {
    const message = isRange(values) ? rangeMistake(values) : listMistake(values, sweep);
    if (message === undefined) continue;
    sound = false;
    yield { path: ['over', name], message };
  }
  if (!sound) return;
  const combinations = combinationsIn(sweep);
  if (combinations > maxCombinations) {
    yield {
      path: ['over'],
      message: `makes ${combinations} combinations, more than ${maxCombinations}; take fewer values, raise maxTasks or chunk`,
    };
  } else if (sweep.combine === 'zip') {
    const message = zipMistake(sweep);
    if (message !== undefined) yield { path: ['over'], message };
  }
}

function rangeMistake({ from, to, step }: SweepRange): string | undefined {
  if (step !== 0 && (to - from) * step >= 0) return undefined;
  return `from ${from} no step of ${step} arrives at ${to}; give "step" the other sign or swap the ends`;
}

/** In a zip a value may come again, beside another one. */
function listMistake(
  values: readonly (string | number | boolean)[],
  { combine }: Sweep,
): string | undefined {
  const twice = combine === 'zip' ? undefined : firstTwice(values.map(String));
  if (twice === undefined) return undefined;
  return `lists ${JSON.stringify(twice)} twice, which would be the same task twice`;
}

function zipMistake(sweep: Sweep): string | undefined {
  const sizes = Object.entries(sweep.over).map(([name, values]) => [name, sizeOf(values)] as const);
  if (new Set(sizes.map(([, size]) => size)).size > 1) {
    const said = sizes.map(([name, size]) => `${name} ${size}`).join(', ');
    return `"zip" takes as many values of each name (${said})`;
  }
  const all = Array.from({ length: combinationsIn(sweep) }, (_, index) =>
    formatCombination(combinationAt(sweep, index)),
  );
  const twice = firstTwice(all);
  return twice === undefined ? undefined : `"zip" makes the combination ${twice} twice`;
}

function firstTwice(texts: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const text of texts) {
    if (seen.has(text)) return text;
    seen.add(text);
  }
  return undefined;
}
