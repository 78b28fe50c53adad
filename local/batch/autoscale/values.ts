import { wireDuration } from '../wire/time';
import type { BinaryOperator } from './formula';
import { EvaluationError } from './formula-error';
import type { NodeDeallocationOption } from './inputs';

/** A `double` is a number; so is a boolean (0 is false). A `doubleVec` is an array. */
export type Value = number | string | DoubleVec | Timestamp | TimeInterval | Option;

export type DoubleVec = readonly number[];

export interface Timestamp {
  readonly kind: 'timestamp';
  readonly unixMs: number;
}

export interface TimeInterval {
  readonly kind: 'timeinterval';
  readonly ms: number;
}

/** An identifier that only `$NodeDeallocationOption` accepts. */
export interface Option {
  readonly kind: 'node deallocation option';
  readonly name: NodeDeallocationOption;
}

export const timestamp = (unixMs: number): Timestamp => ({ kind: 'timestamp', unixMs });
export const timeInterval = (ms: number): TimeInterval => ({ kind: 'timeinterval', ms });

export function isVector(value: Value): value is DoubleVec {
  return Array.isArray(value);
}

export function isOption(value: Value | undefined): value is Option {
  return typeof value === 'object' && 'kind' in value && value.kind === 'node deallocation option';
}

/** The name of a value's type in the documentation. */
export function typeOf(value: Value): string {
  if (typeof value === 'number') return 'double';
  if (typeof value === 'string') return 'string';
  return isVector(value) ? 'doubleVec' : value.kind;
}

/**
 * A vector of one element is accepted as a double: published formulas compare such vectors with
 * numbers.
 */
export function asDouble(value: Value, at: number): number {
  const single = unwrap(value);
  if (typeof single === 'number') return single;
  throw new EvaluationError(at, `expected a double, found a ${describe(value)}`);
}

function unwrap(value: Value): Value {
  if (typeof value !== 'object' || !isVector(value) || value.length !== 1) return value;
  return value[0] ?? value;
}

function describe(value: Value): string {
  return isVector(value) ? `doubleVec of ${value.length} elements` : typeOf(value);
}

type ArithmeticOperator = '+' | '-' | '*' | '/';
type ComparisonOperator = '<' | '<=' | '==' | '>=' | '>' | '!=';

export const doubleArithmetic: Record<ArithmeticOperator, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
};

/** The operators on times, by the types of their left and right operands. */
const timeArithmetic: Record<string, (a: Value, b: Value) => Value> = {
  'double * timeinterval': (a, b) => timeInterval(amount(a) * amount(b)),
  'timeinterval * double': (a, b) => timeInterval(amount(a) * amount(b)),
  'timeinterval / double': (a, b) => timeInterval(amount(a) / amount(b)),
  'timeinterval + timeinterval': (a, b) => timeInterval(amount(a) + amount(b)),
  'timeinterval - timeinterval': (a, b) => timeInterval(amount(a) - amount(b)),
  'timestamp + timeinterval': (a, b) => timestamp(amount(a) + amount(b)),
  'timeinterval + timestamp': (a, b) => timestamp(amount(a) + amount(b)),
  'timestamp - timestamp': (a, b) => timeInterval(amount(a) - amount(b)),
};

/**
 * Unconfirmed: a double on the left of a vector, and a timestamp minus an interval. The
 * documentation's table of operations has neither, so both are refused.
 */
export function arithmetic(operator: ArithmeticOperator, a: Value, b: Value, at: number): Value {
  const onDoubles = doubleArithmetic[operator];
  const right = unwrap(b);
  if (isVector(a)) {
    if (typeof right === 'number') return a.map((element) => onDoubles(element, right));
    if (isVector(b) && b.length === a.length) {
      return a.map((element, index) => onDoubles(element, b[index] ?? 0));
    }
  }
  const left = unwrap(a);
  if (typeof left === 'number' && typeof right === 'number') return onDoubles(left, right);
  const onTimes = timeArithmetic[`${typeOf(left)} ${operator} ${typeOf(right)}`];
  if (onTimes === undefined) throw noSuchOperation(operator, a, b, at);
  return onTimes(left, right);
}

/** A double itself, or the milliseconds of a time. */
function amount(value: Value): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'object' && !isVector(value)) {
    if (value.kind === 'timestamp') return value.unixMs;
    if (value.kind === 'timeinterval') return value.ms;
  }
  throw new Error(`a ${typeOf(value)} has no amount`);
}

export const comparisons: Record<
  ComparisonOperator,
  <T extends number | string>(a: T, b: T) => boolean
> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '==': (a, b) => a === b,
  '>=': (a, b) => a >= b,
  '>': (a, b) => a > b,
  '!=': (a, b) => a !== b,
};

/** Compares two values of one type; true is 1. */
export function compare(operator: ComparisonOperator, a: Value, b: Value, at: number): number {
  const left = comparable(unwrap(a));
  const right = comparable(unwrap(b));
  if (left === undefined || right === undefined || typeOf(unwrap(a)) !== typeOf(unwrap(b))) {
    throw noSuchOperation(operator, a, b, at);
  }
  return comparisons[operator](left, right) ? 1 : 0;
}

function comparable(value: Value): number | string | undefined {
  if (typeof value === 'string') return value;
  if (isVector(value)) return undefined;
  return isOption(value) ? undefined : amount(value);
}

function noSuchOperation(
  operator: BinaryOperator,
  a: Value,
  b: Value,
  at: number,
): EvaluationError {
  return new EvaluationError(at, `there is no ${describe(a)} ${operator} ${describe(b)}`);
}

export function negate(value: Value, at: number): Value {
  if (typeof value === 'object' && !isVector(value) && value.kind === 'timeinterval') {
    return timeInterval(-value.ms);
  }
  return -asDouble(value, at);
}

/** A value in the form of `results`. */
export function formatValue(value: Value): string {
  if (typeof value === 'number') return formatDouble(value);
  if (typeof value === 'string') return value;
  if (isVector(value)) return `[${value.map(formatDouble).join(',')}]`;
  if (value.kind === 'timestamp') return formatTimestamp(value);
  if (isOption(value)) return value.name;
  return formatInterval(value.ms);
}

const DIGITS = 6;

/**
 * Six significant digits, as C's `%g` writes them: the service shows 29 of 30 samples as `96.6667`.
 * Unconfirmed: the form of numbers that need an exponent, and of NaN.
 */
export function formatDouble(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 10 ** DIGITS) return String(value + 0);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf';
  const short = String(value);
  const size = Math.abs(value);
  if (short.length <= DIGITS + 1 && size >= 1e-4 && size < 10 ** DIGITS) return short;
  const [mantissa = '', exponent = ''] = value.toExponential(DIGITS - 1).split('e');
  const power = Number(exponent);
  if (power >= -4 && power < DIGITS) return String(Number(value.toPrecision(DIGITS)));
  const digits = String(Math.abs(power)).padStart(2, '0');
  return `${Number(mantissa)}e${power < 0 ? '-' : '+'}${digits}`;
}

/** The largest distance from 1970 that a JavaScript date can represent. */
const MAX_TIMESTAMP_MS = 8.64e15;

function formatTimestamp({ unixMs }: Timestamp): string {
  const within = Math.abs(unixMs) <= MAX_TIMESTAMP_MS;
  return within ? new Date(unixMs).toISOString() : formatDouble(unixMs);
}

/**
 * Unconfirmed: the form of an interval in results. Assumed here: that of durations elsewhere in the
 * service.
 */
function formatInterval(ms: number): string {
  if (!Number.isFinite(ms)) return formatDouble(ms);
  return `${ms < 0 ? '-' : ''}${wireDuration(Math.abs(ms))}`;
}
