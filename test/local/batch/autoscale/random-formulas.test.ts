import { expect, test } from 'vitest';
import {
  FormulaError,
  drawError,
  evaluateFormula,
  parseFormula,
} from '../../../../local/batch/autoscale/evaluate';
import { sampledVariables } from '../../../../local/batch/autoscale/inputs';
import { every30Seconds, inputs } from './given';

/** The same numbers for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const leaves = [
  '0',
  '1',
  '2.5',
  '1e300',
  '70',
  '"2026-03-02T10:00:00Z"',
  '"noon"',
  'time()',
  'rand()',
  'x',
  'y',
  '$z',
  'TimeInterval_Minute',
  'TimeInterval_Year',
  'requeue',
  '$TargetDedicatedNodes',
  '$TaskSlotsPerNode',
  '$PendingTasks',
  '$nothing',
];
const operators = ['+', '-', '*', '/', '<', '<=', '==', '>=', '>', '!=', '&&', '||'];
const functions = ['avg', 'len', 'max', 'min', 'norm', 'range', 'std', 'sum', 'lg', 'ln', 'log'];
const more = ['ceil', 'floor', 'round', 'percentile', 'val', 'time', 'rand', 'stop', 'abs'];
const methods = ['GetSample', 'GetSamplePercent', 'GetSamplePeriod', 'Count', 'HistoryBeginTime'];
const members = ['year', 'month', 'day', 'weekday', 'hour', 'minute', 'second', 'week'];
const targets = ['x', 'y', '$z', '$TargetDedicatedNodes', '$TargetLowPriority', 'requeue'];

function writer(random: () => number) {
  const pick = (from: readonly string[]) => from[Math.floor(random() * from.length)] ?? '';
  const some = (most: number, write: () => string) =>
    Array.from({ length: Math.floor(random() * (most + 1)) }, write);

  const expression = (depth: number): string => {
    const inner = () => expression(depth - 1);
    const chance = depth <= 0 ? 0 : random();
    if (chance < 0.2) return pick(leaves);
    if (chance < 0.5) return `${inner()} ${pick(operators)} ${inner()}`;
    if (chance < 0.6) return `(${inner()})`;
    if (chance < 0.65) return `${pick(['-', '!'])}${inner()}`;
    if (chance < 0.72) return `(${inner()} ? ${inner()} : ${inner()})`;
    if (chance < 0.86) return `${pick([...functions, ...more])}(${some(3, inner).join(', ')})`;
    if (chance < 0.95)
      return `${pick(sampledVariables)}.${pick(methods)}(${some(3, inner).join(',')})`;
    return `time().${pick(members)}`;
  };
  const statement = () => `${random() < 0.8 ? `${pick(targets)} = ` : ''}${expression(4)}`;
  return { statement, formula: () => some(8, statement).join(';\n'), pick };
}

interface Outcome {
  readonly kind: 'answered' | 'failed' | 'refused';
  /** The results, or the drawn error. */
  readonly shown: string;
}

/** Anything but an answer or a refusal is a bug, and fails the test by being thrown. */
function outcome(formula: string, random: () => number): Outcome {
  const given = inputs({
    random,
    targetDedicatedNodes: 2,
    samples: { $PendingTasks: every30Seconds([1, 2, 3], 60), $CPUPercent: every30Seconds([0.5]) },
  });
  try {
    const { results, error } = evaluateFormula(parseFormula(formula), given);
    if (error === undefined) return { kind: 'answered', shown: results };
    return { kind: 'failed', shown: drawError(formula, error.values[0]?.value ?? '') };
  } catch (error) {
    if (!(error instanceof FormulaError)) throw error;
    return { kind: 'refused', shown: drawError(formula, error.message) };
  }
}

const RESULTS =
  /^\$TargetDedicatedNodes=\d+;\$TargetLowPriorityNodes=\d+;\$NodeDeallocationOption=[a-z]+/;
const PICTURE = /\n\d+ \| .*\n +\^+$/;

/** Those that are shown otherwise than their kind is. */
function misshown(outcomes: readonly Outcome[]): readonly Outcome[] {
  return outcomes.filter(
    ({ kind, shown }) => !(kind === 'answered' ? RESULTS : PICTURE).test(shown),
  );
}

test('any formula is evaluated, refused or failed, and never throws another error', () => {
  const random = seeded(2026);
  const { formula } = writer(random);
  const outcomes = Array.from({ length: 5000 }, () => outcome(formula(), random));
  const count = (kind: Outcome['kind']) => outcomes.filter((one) => one.kind === kind).length;

  expect(misshown(outcomes)).toEqual([]);
  // The generator is worth something only while it reaches all three.
  expect(Math.min(count('answered'), count('failed'), count('refused'))).toBeGreaterThan(100);
});

const pieces = [
  '(',
  ')',
  ';',
  '"',
  '$',
  '.',
  '=',
  '?',
  ':',
  ',',
  '//',
  '\n',
  '%',
  '5',
  'x',
  '€',
  '\0',
];

test('a formula with a removed or inserted piece never throws another error either', () => {
  const random = seeded(7);
  const { formula, pick } = writer(random);
  const outcomes = Array.from({ length: 5000 }, () => {
    const text = formula();
    const at = Math.floor(random() * text.length);
    const cut = random() < 0.5 ? Math.floor(random() * 5) : 0;
    return outcome(text.slice(0, at) + pick(pieces) + text.slice(at + cut), random);
  });

  expect(misshown(outcomes)).toEqual([]);
});

test('a formula runs the same twice, and the same when parsed again', () => {
  const random = seeded(11);
  const { formula } = writer(random);
  for (let round = 0; round < 1000; round += 1) {
    const text = formula();
    if (refused(text)) continue;
    const given = () => inputs({ random: seeded(round) });
    const parsed = parseFormula(text);
    const first = evaluateFormula(parsed, given());

    expect(evaluateFormula(parsed, given())).toEqual(first);
    expect(evaluateFormula(parseFormula(text), given())).toEqual(first);
  }
});

function refused(text: string): boolean {
  try {
    parseFormula(text);
    return false;
  } catch (error) {
    if (error instanceof FormulaError) return true;
    throw error;
  }
}
