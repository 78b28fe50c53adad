/**
 * The autoscale formula language of Azure Batch. Read this file first; then formula.ts (the
 * grammar), compile.ts (the execution), functions.ts and series.ts (the functions and methods).
 */
import { type Program, compile } from './compile';
import { parseStatements } from './formula';
import { EvaluationError, STOP, withPosition, positionOf } from './formula-error';
import type { Run } from './functions';
import type { AutoscaleInputs, NodeDeallocationOption } from './inputs';
import { type Value, formatDouble, formatValue, isOption } from './values';
import { REQUEUE, places } from './variables';

export { FormulaError, drawError } from './formula-error';
export type { AutoscaleInputs, NodeDeallocationOption, Sample, SampledVariable } from './inputs';

/** A parsed formula; it can be evaluated any number of times. */
export interface Formula {
  readonly text: string;
  readonly program: Program;
}

/** The result of one evaluation, in the form of the service's `autoScaleRun`. */
export interface AutoscaleEvaluation {
  readonly results: string;
  readonly targetDedicatedNodes: number;
  readonly targetLowPriorityNodes: number;
  readonly nodeDeallocationOption: NodeDeallocationOption;
  readonly error?: AutoscaleError;
}

export interface AutoscaleError {
  readonly code: string;
  readonly message: string;
  readonly values: { name: string; value: string }[];
}

/** Throws a `FormulaError` where the service would refuse to store the formula. */
export function parseFormula(text: string): Formula {
  return { text, program: compile(parseStatements(text)) };
}

/** Returns every evaluation error in `error`; the targets are then the present ones. */
export function evaluateFormula(formula: Formula, inputs: AutoscaleInputs): AutoscaleEvaluation {
  const { program, text } = formula;
  if (program.fault !== undefined) return failed(program.fault, text, inputs);
  const run: Run = { inputs, now: inputs.now.getTime(), variables: [], assignedAt: [] };
  try {
    runStatements(program, run);
    return succeeded(program, run);
  } catch (error) {
    if (error instanceof EvaluationError) return failed(error, text, inputs);
    throw error;
  }
}

function runStatements(program: Program, run: Run): void {
  try {
    for (const statement of program.statements) statement(run);
  } catch (error) {
    if (error !== STOP) throw error;
  }
}

/** The full name of a target and its alias, in order of precedence. */
const dedicatedPlaces = [places.targetDedicatedNodes, places.targetDedicated];
const lowPriorityPlaces = [places.targetLowPriorityNodes, places.targetLowPriority];

function succeeded({ own }: Program, run: Run): AutoscaleEvaluation {
  const { inputs, variables } = run;
  const targetDedicatedNodes = nodes(run, dedicatedPlaces, inputs.targetDedicatedNodes);
  const targetLowPriorityNodes = nodes(run, lowPriorityPlaces, inputs.targetLowPriorityNodes);
  const nodeDeallocationOption = optionOf(variables[places.nodeDeallocationOption]);
  let results = resultsOf(targetDedicatedNodes, targetLowPriorityNodes, nodeDeallocationOption);
  for (const [name, place] of own) {
    const value = variables[place];
    if (value !== undefined) results += `;${name}=${formatValue(value)}`;
  }
  return { results, targetDedicatedNodes, targetLowPriorityNodes, nodeDeallocationOption };
}

function optionOf(value: Value | undefined): NodeDeallocationOption {
  return isOption(value) ? value.name : REQUEUE.name;
}

/**
 * Unconfirmed: the message of an evaluation error; the other message is recorded from the service.
 */
const messages: Record<EvaluationError['code'], string> = {
  AutoScalingFormulaEvaluationError: 'Autoscale evaluation failed due to an error in the formula',
  InsufficientSampleData: 'Autoscale evaluation failed due to insufficient sample data',
};

/** After an error the service shows the present targets and the default deallocation option. */
function failed(
  { code, at, message }: EvaluationError,
  text: string,
  inputs: AutoscaleInputs,
): AutoscaleEvaluation {
  const { targetDedicatedNodes, targetLowPriorityNodes } = inputs;
  const value = withPosition(positionOf(text, at), message);
  return {
    results: resultsOf(targetDedicatedNodes, targetLowPriorityNodes, REQUEUE.name),
    targetDedicatedNodes,
    targetLowPriorityNodes,
    nodeDeallocationOption: REQUEUE.name,
    error: { code, message: messages[code], values: [{ name: 'Message', value }] },
  };
}

function resultsOf(dedicated: number, lowPriority: number, option: NodeDeallocationOption): string {
  return `$TargetDedicatedNodes=${dedicated};$TargetLowPriorityNodes=${lowPriority};$NodeDeallocationOption=${option}`;
}

/** The REST interface has 32-bit integers for node counts. */
const MAX_NODES = 2 ** 31 - 1;

/**
 * The number of nodes that a formula requests. Users of the service report that fractions are
 * truncated, not rounded.
 *
 * Unconfirmed: the service's reaction to a negative number; assumed here: the evaluation fails.
 */
function nodes({ variables, assignedAt }: Run, places: readonly number[], present: number): number {
  for (const place of places) {
    const wanted = variables[place];
    if (typeof wanted === 'number') {
      const whole = Math.trunc(wanted) + 0;
      if (whole >= 0 && whole <= MAX_NODES) return whole;
      const reason = `${formatDouble(wanted)} is not a valid number of nodes`;
      throw new EvaluationError(assignedAt[place] ?? 0, reason);
    }
  }
  return present;
}
