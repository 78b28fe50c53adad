import { EvaluationError } from './formula-error';
import type { Builtin, Run } from './functions';
import { SAMPLE_PERIOD_MS, type Sample, type SampledVariable } from './inputs';
import {
  type DoubleVec,
  type Value,
  asDouble,
  formatDouble,
  isVector,
  timeInterval,
  timestamp,
  typeOf,
} from './values';

/** A method of a sampled variable. */
export interface SeriesMethod extends Pick<Builtin, 'arguments'> {
  readonly apply: (
    variable: SampledVariable,
    values: readonly Value[],
    run: Run,
    at: number,
  ) => Value;
}

const methods = new Map<string, SeriesMethod>([
  ['GetSample', { arguments: [1, 3], apply: getSample }],
  ['GetSamplePercent', { arguments: [1, 2], apply: getSamplePercent }],
  ['GetSamplePeriod', { arguments: [0, 0], apply: () => timeInterval(SAMPLE_PERIOD_MS) }],
  [
    'Count',
    { arguments: [0, 0], apply: (variable, _, { inputs }) => inputs.samples(variable).length },
  ],
  ['HistoryBeginTime', { arguments: [0, 0], apply: historyBeginTime }],
]);

export function findSeriesMethod(name: string): SeriesMethod | undefined {
  return methods.get(name);
}

/**
 *     GetSample( count )
 *     GetSample( start [ "," percent ] )
 *     GetSample( start "," end [ "," percent ] )
 *
 * Unconfirmed: the order of the samples within the vector. Assumed here: oldest first.
 */
function getSample(
  variable: SampledVariable,
  values: readonly Value[],
  run: Run,
  at: number,
): DoubleVec {
  const [first = 0, second, third] = values;
  const samples = run.inputs.samples(variable);
  if (isDouble(first)) {
    if (second !== undefined) {
      throw new EvaluationError(at, 'GetSample accepts no argument after a number of samples');
    }
    return newest(samples, asDouble(first, at), at);
  }
  const hasEnd = second !== undefined && !isDouble(second);
  if (third !== undefined && !hasEnd) {
    throw new EvaluationError(
      at,
      'GetSample takes a start, an end and a percentage, in this order',
    );
  }
  const window = windowOf(first, hasEnd ? second : undefined, run, at);
  const percent = hasEnd ? third : second;
  const wanted =
    percent === undefined ? (run.inputs.defaultSamplePercent ?? 0) : asDouble(percent, at);
  const received = availablePercent(samples, window);
  if (received < wanted) throw insufficient(variable, wanted, received, at);
  return within(samples, window);
}

function getSamplePercent(
  variable: SampledVariable,
  [start = 0, end]: readonly Value[],
  run: Run,
  at: number,
): number {
  return availablePercent(run.inputs.samples(variable), windowOf(start, end, run, at));
}

function historyBeginTime(
  variable: SampledVariable,
  _: readonly Value[],
  run: Run,
  at: number,
): Value {
  const oldest = run.inputs.samples(variable)[0];
  if (oldest === undefined) throw new EvaluationError(at, `there is no sample of ${variable} yet`);
  return timestamp(oldest.at);
}

function isDouble(value: Value): boolean {
  return typeof value === 'number' || isVector(value);
}

function newest(samples: readonly Sample[], count: number, at: number): DoubleVec {
  if (!Number.isInteger(count) || count < 0) {
    throw new EvaluationError(at, `${formatDouble(count)} is not a valid number of samples`);
  }
  const vector: number[] = [];
  for (let index = Math.max(0, samples.length - count); index < samples.length; index += 1) {
    vector.push(samples[index]?.value ?? 0);
  }
  return vector;
}

/** Later than `from`, and not later than `to`, in Unix milliseconds. */
interface Window {
  readonly from: number;
  readonly to: number;
}

/** The official samples name the nearer bound first, so both orders are accepted. */
function windowOf(start: Value, end: Value | undefined, run: Run, at: number): Window {
  const one = bound(start, run, at);
  const other = end === undefined ? run.now : bound(end, run, at);
  return { from: Math.min(one, other), to: Math.max(one, other) };
}

/** A timestamp, or now minus an interval. */
function bound(value: Value, run: Run, at: number): number {
  if (typeof value === 'object' && !isVector(value)) {
    if (value.kind === 'timestamp') return value.unixMs;
    if (value.kind === 'timeinterval') return run.now - value.ms;
  }
  throw new EvaluationError(at, `expected a timestamp or a timeinterval, found a ${typeOf(value)}`);
}

function within(samples: readonly Sample[], { from, to }: Window): DoubleVec {
  const vector: number[] = [];
  for (let index = firstAfter(samples, from); index < samples.length; index += 1) {
    const sample = samples[index];
    if (sample === undefined || sample.at > to) break;
    vector.push(sample.value);
  }
  return vector;
}

/** The percentage of the samples of a window that are available. */
function availablePercent(samples: readonly Sample[], window: Window): number {
  const available = firstAfter(samples, window.to) - firstAfter(samples, window.from);
  if (available === 0) return 0;
  const possible = (window.to - window.from) / SAMPLE_PERIOD_MS;
  return Math.min(100, (available / possible) * 100);
}

/** The index of the first sample after an instant; the samples are in order of time. */
function firstAfter(samples: readonly Sample[], instant: number): number {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((samples[middle]?.at ?? instant) > instant) high = middle;
    else low = middle + 1;
  }
  return low;
}

function insufficient(
  variable: SampledVariable,
  wanted: number,
  received: number,
  at: number,
): EvaluationError {
  const reason = `Insufficient data from data set: ${variable} wanted ${formatDouble(wanted)}%, received ${formatDouble(received)}%`;
  return new EvaluationError(at, reason, 'InsufficientSampleData');
}
