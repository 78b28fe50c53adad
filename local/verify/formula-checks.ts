import type { BatchServiceClient } from '@azure/batch';
import { confirmed, contradicted, findingOf, notChecked, type Finding } from './assumption';
import { codeOf, messageOf, refusalOf } from './refusal';

/** The outcome of one evaluation, as the service returns it. */
interface Evaluation {
  /** Code of a refusal or of the evaluation's error; null for a success. */
  readonly code: string | null;
  readonly message: string;
  /** The value of each variable in the results, as text. */
  readonly variables: ReadonlyMap<string, string>;
}

interface FormulaCheck {
  readonly assumption: string;
  readonly formula: string;
  /** A variable of the results with its value; or a refusal, with the start of its code or message. */
  readonly expected:
    | { readonly variable: string; readonly value: string }
    | { readonly refused: RegExp };
}

const SYNTAX = /^AutoScalingFormula/;
/** The documentation names no bound; the stand-in accepts 100 statements. */
const MANY_STATEMENTS = 101;

/**
 * Formulas whose results the documentation does not state. All leave the pool without nodes, so an
 * evaluation costs nothing.
 */
const formulaChecks: readonly FormulaCheck[] = [
  {
    assumption: 'formula-spelling',
    formula: '$x=timeinterval_hour',
    expected: { refused: SYNTAX },
  },
  { assumption: 'formula-quotes', formula: `$x=time('2026-11-29')`, expected: { refused: SYNTAX } },
  {
    assumption: 'formula-untaken-branch',
    formula: '$x=1 > 0 ? 1 : $NoSuchVariable',
    expected: { refused: SYNTAX },
  },
  {
    assumption: 'formula-sunday',
    formula: '$x=time("2026-11-29T12:00:00Z").weekday',
    expected: { variable: '$x', value: '0' },
  },
  {
    assumption: 'formula-negative',
    formula: '$TargetDedicatedNodes=-1',
    expected: { refused: SYNTAX },
  },
  {
    assumption: 'formula-exponent',
    formula: '$x=12345678',
    expected: { variable: '$x', value: '1.23457e+07' },
  },
  {
    assumption: 'formula-interval',
    formula: '$x=TimeInterval_Hour*2',
    expected: { variable: '$x', value: 'PT2H' },
  },
  {
    assumption: 'formula-stop',
    formula: '$x=7;stop();$x=8',
    expected: { variable: '$x', value: '7' },
  },
  {
    assumption: 'formula-series-as-number',
    formula: '$x=$PendingTasks+1',
    expected: { refused: SYNTAX },
  },
  {
    assumption: 'formula-old-name',
    formula: '$x=$CurrentDedicated',
    expected: { variable: '$x', value: '0' },
  },
  {
    assumption: 'formula-error-message',
    formula: '$x=time("no time")',
    expected: {
      refused:
        /^AutoScalingFormulaEvaluationError: Autoscale evaluation failed due to an error in the formula/,
    },
  },
  {
    assumption: 'formula-length-code',
    formula: '$x=1;'.repeat(MANY_STATEMENTS),
    expected: { refused: /^AutoScalingFormulaTooLong/ },
  },
];

/** Evaluates every formula of the table on a pool without nodes. */
export async function checkFormulas(
  batch: BatchServiceClient,
  poolId: string,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const check of formulaChecks) findings.push(await checkFormula(batch, poolId, check));
  return findings;
}

async function checkFormula(
  batch: BatchServiceClient,
  poolId: string,
  { assumption, formula, expected }: FormulaCheck,
): Promise<Finding> {
  let evaluation: Evaluation;
  try {
    evaluation = await evaluate(batch, poolId, formula);
  } catch (error) {
    return notChecked(assumption, `the formula was not evaluated: ${refusalOf(error)}`);
  }
  const shown =
    formula.length > 60 ? `${formula.slice(0, 20)}… (${formula.length} characters)` : formula;
  if ('variable' in expected) {
    const value = evaluation.variables.get(expected.variable);
    const observed =
      value === undefined
        ? `${shown} returned ${evaluation.code ?? 'no'} ${evaluation.message}`.trim()
        : `${shown} returned ${value}`;
    return findingOf(assumption, value === expected.value, observed);
  }
  if (evaluation.code === null)
    return contradicted(assumption, `${shown} was evaluated without an error`);
  const refusal = `${evaluation.code}: ${evaluation.message}`;
  return expected.refused.test(refusal)
    ? confirmed(assumption, `${shown} was refused with ${evaluation.code}`)
    : contradicted(assumption, `${shown} was refused with ${refusal}`);
}

/** @throws the error of a call that failed for another reason than the formula */
async function evaluate(
  batch: BatchServiceClient,
  poolId: string,
  formula: string,
): Promise<Evaluation> {
  try {
    const run = await batch.pool.evaluateAutoScale(poolId, formula);
    return {
      code: run.error?.code ?? null,
      message: run.error?.message ?? '',
      variables: variablesIn(run.results ?? ''),
    };
  } catch (error) {
    const code = codeOf(error);
    if (!code.startsWith('AutoScal')) throw error;
    return { code, message: messageOf(error), variables: new Map() };
  }
}

function variablesIn(results: string): ReadonlyMap<string, string> {
  return new Map(
    results.split(';').map((part): [string, string] => {
      const at = part.indexOf('=');
      return [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    }),
  );
}
