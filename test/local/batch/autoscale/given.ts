import {
  type AutoscaleEvaluation,
  type AutoscaleInputs,
  type Sample,
  type SampledVariable,
  evaluateFormula,
  parseFormula,
} from '../../../../local/batch/autoscale/evaluate';

export const NOW = new Date('2026-11-21T03:00:00.000Z');

export type Series = Partial<Record<SampledVariable, readonly Sample[]>>;

export interface Given extends Partial<Omit<AutoscaleInputs, 'samples'>> {
  readonly samples?: Series;
}

/** A pool of four slots a node, without nodes and without samples, but for what the test says. */
export function inputs({ samples = {}, ...given }: Given = {}): AutoscaleInputs {
  return {
    now: NOW,
    random: () => 0.25,
    taskSlotsPerNode: 4,
    currentDedicatedNodes: 0,
    currentLowPriorityNodes: 0,
    targetDedicatedNodes: 0,
    targetLowPriorityNodes: 0,
    samples: (variable) => samples[variable] ?? [],
    ...given,
  };
}

/** Samples half a minute apart, the newest of them `age` seconds old, oldest first. */
export function every30Seconds(values: readonly number[], age = 0, now = NOW): Sample[] {
  const newest = now.getTime() - age * 1000;
  return values.map((value, index) => ({
    at: newest - (values.length - 1 - index) * 30_000,
    value,
  }));
}

/** As many samples of one value. */
export function steady(count: number, value: number): number[] {
  return Array.from({ length: count }, () => value);
}

export function evaluate(formula: string, given: Given = {}): AutoscaleEvaluation {
  return evaluateFormula(parseFormula(formula), inputs(given));
}

/** An expression's value as the results show it, or the message of its error. */
export function valueOf(expression: string, given: Given = {}): string {
  const { results, error } = evaluate(`x = ${expression}`, given);
  if (error !== undefined) return error.values.map(({ value }) => value).join('\n');
  return results.slice(results.indexOf(';x=') + 3);
}

/** Series for a test to make vectors of: three elements, three, one and none. */
export const vectors = {
  $PendingTasks: every30Seconds([1, 2, 3]),
  $ActiveTasks: every30Seconds([10, 20, 30]),
  $RunningTasks: every30Seconds([5]),
};

export const V = '$PendingTasks.GetSample(3)';
export const W = '$ActiveTasks.GetSample(3)';
export const ONE = '$RunningTasks.GetSample(3)';
export const NONE = '$FailedTasks.GetSample(3)';
