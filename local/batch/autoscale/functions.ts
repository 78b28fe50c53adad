import { parseTimestamp } from '../timestamp-text';
import { EvaluationError, STOP } from './formula-error';
import type { AutoscaleInputs } from './inputs';
import { type DoubleVec, type Value, asDouble, isVector, timestamp, typeOf } from './values';

/** State of one evaluation. */
export interface Run {
  readonly inputs: AutoscaleInputs;
  /** Unix milliseconds. */
  readonly now: number;
  /** By index; a variable without a value yet is undefined. */
  readonly variables: (Value | undefined)[];
  /** Offsets of the assignments to the variables of the service, by index. */
  readonly assignedAt: number[];
}

export interface Builtin {
  /** Minimum and maximum number of arguments. */
  readonly arguments: readonly [number, number];
  /** Depends on the arguments alone. */
  readonly pure: boolean;
  readonly apply: (values: readonly Value[], run: Run, at: number) => Value;
}

const ANY_NUMBER = Number.POSITIVE_INFINITY;

/** A function of all given doubles and vectors, as one vector. */
function ofList(
  name: string,
  fewest: number,
  fold: (elements: DoubleVec) => number,
): readonly [string, Builtin] {
  const apply = (values: readonly Value[], _: Run, at: number) => {
    const elements = flatten(name, values, at);
    if (elements.length >= fewest) return fold(elements);
    const wanted = fewest === 1 ? 'one element' : `${fewest} elements`;
    throw new EvaluationError(at, `${name} needs at least ${wanted}, found ${elements.length}`);
  };
  return [name, { arguments: [1, ANY_NUMBER], pure: true, apply }];
}

/** A function of a double, applied to each element of a vector. */
function ofEach(name: string, map: (element: number) => number): readonly [string, Builtin] {
  const apply = ([value = 0]: readonly Value[], _: Run, at: number) =>
    isVector(value) ? value.map(map) : map(asDouble(value, at));
  return [name, { arguments: [1, 1], pure: true, apply }];
}

/**
 * Unconfirmed: the service's result for too few elements (the average of none, the deviation of
 * one). Assumed here: the evaluation fails, so that a formula guards against it.
 */
const builtins = new Map<string, Builtin>([
  ofList('avg', 1, (all) => sum(all) / all.length),
  ofList('len', 0, (all) => all.length),
  ofList('max', 1, largest),
  ofList('min', 1, smallest),
  ofList('norm', 0, (all) => Math.hypot(...all)),
  ofList('range', 1, (all) => largest(all) - smallest(all)),
  ofList('std', 2, deviation),
  ofList('sum', 0, sum),
  ofEach('lg', Math.log2),
  ofEach('ln', Math.log),
  ofEach('log', Math.log10),
  ofEach('ceil', Math.ceil),
  ofEach('floor', Math.floor),
  ofEach('round', (element) => Math.sign(element) * Math.round(Math.abs(element))),
  ['percentile', { arguments: [2, 2], pure: true, apply: percentile }],
  ['val', { arguments: [2, 2], pure: true, apply: elementAt }],
  ['time', { arguments: [0, 1], pure: false, apply: time }],
  ['rand', { arguments: [0, 0], pure: false, apply: (_, { inputs }) => inputs.random() }],
  ['stop', { arguments: [0, 0], pure: false, apply: stop }],
]);

export function findBuiltin(name: string): Builtin | undefined {
  return builtins.get(name);
}

function flatten(name: string, values: readonly Value[], at: number): DoubleVec {
  const [only] = values;
  if (values.length === 1 && only !== undefined && isVector(only)) return only;
  const elements: number[] = [];
  for (const value of values) {
    if (typeof value === 'number') elements.push(value);
    else if (isVector(value)) elements.push(...value);
    else
      throw new EvaluationError(at, `${name} takes doubles and vectors, found a ${typeOf(value)}`);
  }
  return elements;
}

function sum(elements: DoubleVec): number {
  let total = 0;
  for (const element of elements) total += element;
  return total;
}

function largest(elements: DoubleVec): number {
  let most = Number.NEGATIVE_INFINITY;
  for (const element of elements) most = Math.max(most, element);
  return most;
}

function smallest(elements: DoubleVec): number {
  let least = Number.POSITIVE_INFINITY;
  for (const element of elements) least = Math.min(least, element);
  return least;
}

function deviation(elements: DoubleVec): number {
  const mean = sum(elements) / elements.length;
  return Math.sqrt(sum(elements.map((element) => (element - mean) ** 2)) / (elements.length - 1));
}

/**
 * Unconfirmed: the interpolation between two elements. Assumed here: linear, with p from 0 to 100.
 */
function percentile([vector = 0, percent = 0]: readonly Value[], _: Run, at: number): number {
  const elements = [...flatten('percentile', [vector], at)].sort((a, b) => a - b);
  const p = asDouble(percent, at);
  if (elements.length === 0) {
    throw new EvaluationError(at, 'percentile needs at least one element, found 0');
  }
  if (!(p >= 0 && p <= 100)) throw new EvaluationError(at, `${p} is no percentile: 0 to 100 is`);
  const rank = (p / 100) * (elements.length - 1);
  const below = elements[Math.floor(rank)] ?? 0;
  const above = elements[Math.ceil(rank)] ?? 0;
  return below + (above - below) * (rank - Math.floor(rank));
}

/**
 * Unconfirmed: batch-shipyard calls `val` on an empty vector, and the service seems to accept that.
 */
function elementAt([vector = 0, index = 0]: readonly Value[], _: Run, at: number): number {
  const elements = flatten('val', [vector], at);
  const position = asDouble(index, at);
  const element = elements[position];
  if (element === undefined) {
    throw new EvaluationError(
      at,
      `there is no element ${position} in a vector of ${elements.length}`,
    );
  }
  return element;
}

/**
 * Formulas of Nextflow failed with nanoseconds; microseconds work
 * (https://github.com/nextflow-io/nextflow/issues/3866). Unconfirmed: seven digits.
 */
const FINER_THAN_MICROSECONDS = /\.\d{7}/;

function time([text = '']: readonly Value[], run: Run, at: number): Value {
  if (text === '') return timestamp(run.now);
  if (typeof text !== 'string') {
    throw new EvaluationError(at, `time takes a string, found a ${typeOf(text)}`);
  }
  const instant = FINER_THAN_MICROSECONDS.test(text) ? undefined : parseTimestamp(text);
  if (instant === undefined) {
    throw new EvaluationError(at, `"${text}" is no time in the form of W3C-DTF or RFC 1123`);
  }
  return timestamp(instant);
}

/** Unconfirmed: that earlier assignments stay in force. */
function stop(): never {
  throw STOP;
}
