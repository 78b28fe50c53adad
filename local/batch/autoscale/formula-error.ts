/** A position in a formula, counted from 1 as the service does. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A formula that cannot be parsed: the service refuses to store it. */
export class FormulaError extends Error {
  override readonly name = 'FormulaError';
  readonly line: number;
  readonly column: number;
  constructor(
    readonly code: 'AutoScalingFormulaSyntaxError' | 'AutoScalingFormulaTooLong',
    reason: string,
    position: Position,
  ) {
    super(withPosition(position, reason));
    this.line = position.line;
    this.column = position.column;
  }
}

/** An error that ends a running evaluation. The pool then keeps its size. */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
  constructor(
    /** The offset in the formula's text. */
    readonly at: number,
    reason: string,
    readonly code:
      | 'AutoScalingFormulaEvaluationError'
      | 'InsufficientSampleData' = 'AutoScalingFormulaEvaluationError',
  ) {
    super(reason);
  }
}

/** Ends an evaluation early without an error: a formula called `stop()`. */
export const STOP = new Error('the formula called stop()');

export function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
}

/** A reason with its position, in the service's own form. */
export function withPosition({ line, column }: Position, reason: string): string {
  return `Line ${line}, Col ${column}: ${reason}`;
}

const LOCATED = /^Line (\d+), Col (\d+): (.*)$/s;

/** The text under the carets: a name, a number, a quoted string, or one sign. */
const WORD = /[$A-Za-z_][\w$]*|\d[\w.]*|"[^"\n]*"?|&&|\|\||[<>=!]=|\S/y;

/**
 * Shows a person where in the formula a message of the form `Line 2, Col 25: …` points to:
 *
 *     nothing is called $Pending
 *
 *     2 | $TargetDedicatedNodes = $Pending + 1;
 *                                 ^^^^^^^^
 */
export function drawError(formula: string, message: string): string {
  const parts = LOCATED.exec(message);
  if (parts === null) return message;
  const [, line, column, reason] = parts;
  // A tab is drawn as one blank, so that the carets are aligned with the text.
  const shown = (formula.split('\n')[Number(line) - 1] ?? '').replaceAll('\t', ' ').trimEnd();
  WORD.lastIndex = Number(column) - 1;
  const width = WORD.exec(shown)?.[0].length ?? 1;
  const margin = `${line} | `;
  return `${reason}\n\n${margin}${shown}\n${' '.repeat(margin.length + Number(column) - 1)}${'^'.repeat(width)}`;
}
