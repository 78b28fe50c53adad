import { EvaluationError } from './formula-error';
import type {
  BinaryExpression,
  BinaryOperator,
  CallExpression,
  ChoiceExpression,
  Expression,
  MemberExpression,
  MethodExpression,
  Statement,
  UnaryExpression,
} from './formula';
import { type Run, findBuiltin } from './functions';
import { findSeriesMethod } from './series';
import {
  type Value,
  arithmetic,
  asDouble,
  compare,
  comparisons,
  doubleArithmetic,
  isVector,
  negate,
  typeOf,
} from './values';
import { Names } from './variables';

/**
 * A formula that is ready to run: each statement is a function, each variable an index in an array.
 */
export interface Program {
  readonly statements: readonly ((run: Run) => void)[];
  /** The formula's own variables and their indexes, in the order of the results. */
  readonly own: readonly (readonly [string, number])[];
  /** An error that is found before the run: an unknown name, or a function with wrong arguments. */
  readonly fault?: EvaluationError;
}

/**
 * Unconfirmed: that the service resolves names in branches that are not taken. Assumed here: it
 * does, so that a misspelling is found before the one evening on which its branch is taken.
 */
export function compile(statements: readonly Statement[]): Program {
  const names = new Names();
  try {
    const compiled = statements.map((statement) => compileStatement(statement, names));
    return { statements: compiled, own: names.sorted() };
  } catch (error) {
    if (error instanceof EvaluationError) return { statements: [], own: [], fault: error };
    throw error;
  }
}

function compileStatement({ target, value }: Statement, names: Names): (run: Run) => void {
  const { run: evaluate } = compileExpression(value, names);
  if (target === undefined) return evaluate;
  const assign = names.assignment(target.name, target.at);
  return (run) => assign(run, evaluate(run));
}

/** An expression as a function. A value that is the same in every run is computed once, here. */
interface Code {
  readonly run: (run: Run) => Value;
  readonly constant: boolean;
}

function compileExpression(expression: Expression, names: Names): Code {
  switch (expression.kind) {
    case 'number':
    case 'string':
      return constant(expression.value);
    case 'name':
      return names.reading(expression.name, expression.at);
    case 'unary':
      return compileUnary(expression, names);
    case 'binary':
      return compileBinary(expression, names);
    case 'choice':
      return compileChoice(expression, names);
    case 'call':
      return compileCall(expression, names);
    case 'member':
      return compileMember(expression, names);
    default:
      return compileMethod(expression, names);
  }
}

function constant(value: Value): Code {
  return { run: () => value, constant: true };
}

/**
 * Code that depends on its parts alone: with constant parts it is constant. Constant code that
 * fails is left for the run, since its branch may never be taken.
 */
function derived(parts: readonly Code[], run: (run: Run) => Value): Code {
  if (!parts.every((part) => part.constant)) return { run, constant: false };
  try {
    return constant(run(NO_RUN));
  } catch (error) {
    if (error instanceof EvaluationError) return { run, constant: false };
    throw error;
  }
}

/** For constant code only, which never reads its run. */
const NO_RUN = {} as Run;

function compileUnary({ operator, operand, at }: UnaryExpression, names: Names): Code {
  const code = compileExpression(operand, names);
  const { run: evaluate } = code;
  if (operator === '-') return derived([code], (run) => negate(evaluate(run), at));
  return derived([code], (run) => (asDouble(evaluate(run), at) === 0 ? 1 : 0));
}

function compileBinary({ operator, left, right, at }: BinaryExpression, names: Names): Code {
  const parts = [compileExpression(left, names), compileExpression(right, names)] as const;
  return derived(parts, operation(operator, parts[0].run, parts[1].run, at));
}

type Evaluate = Code['run'];

/** Doubles first: nearly every value is a double. */
function operation(
  operator: BinaryOperator,
  left: Evaluate,
  right: Evaluate,
  at: number,
): Evaluate {
  switch (operator) {
    case '&&':
      return (run) => (truth(left(run), at) && truth(right(run), at) ? 1 : 0);
    case '||':
      return (run) => (truth(left(run), at) || truth(right(run), at) ? 1 : 0);
    case '+':
    case '-':
    case '*':
    case '/': {
      const onDoubles = doubleArithmetic[operator];
      return (run) => {
        const a = left(run);
        const b = right(run);
        if (typeof a === 'number' && typeof b === 'number') return onDoubles(a, b);
        return arithmetic(operator, a, b, at);
      };
    }
    default: {
      const onDoubles = comparisons[operator];
      return (run) => {
        const a = left(run);
        const b = right(run);
        if (typeof a === 'number' && typeof b === 'number') return onDoubles(a, b) ? 1 : 0;
        return compare(operator, a, b, at);
      };
    }
  }
}

function truth(value: Value, at: number): boolean {
  return (typeof value === 'number' ? value : asDouble(value, at)) !== 0;
}

function compileChoice({ at, ...expression }: ChoiceExpression, names: Names): Code {
  const condition = compileExpression(expression.condition, names);
  const whenTrue = compileExpression(expression.whenTrue, names);
  const whenFalse = compileExpression(expression.whenFalse, names);
  return derived([condition, whenTrue, whenFalse], (run) =>
    truth(condition.run(run), at) ? whenTrue.run(run) : whenFalse.run(run),
  );
}

function compileCall(expression: CallExpression, names: Names): Code {
  const { name, nameAt, at } = expression;
  const builtin = findBuiltin(name);
  if (builtin === undefined) throw new EvaluationError(nameAt, `there is no function ${name}`);
  checkCount(name, expression.arguments.length, builtin.arguments, at);
  const parts = expression.arguments.map((argument) => compileExpression(argument, names));
  const all = parts.map((part) => part.run);
  const { apply } = builtin;
  const run: Evaluate = (run) => apply(evaluateAll(all, run), run, at);
  return builtin.pure || isFixedTime(expression) ? derived(parts, run) : { run, constant: false };
}

/** Returns whether this is `time("…")`, which is the same at any time; `time("")` is now. */
function isFixedTime({ name, arguments: [text] }: CallExpression): boolean {
  return name === 'time' && text?.kind === 'string' && text.value !== '';
}

function compileMethod(expression: MethodExpression, names: Names): Code {
  const { of, name, nameAt, at } = expression;
  const variable = of.kind === 'name' ? names.series(of.name) : undefined;
  if (variable === undefined) {
    throw new EvaluationError(nameAt, 'only the sampled service variables have methods');
  }
  const method = findSeriesMethod(name);
  if (method === undefined) throw new EvaluationError(nameAt, `${variable} has no method ${name}`);
  checkCount(name, expression.arguments.length, method.arguments, at);
  const all = expression.arguments.map((argument) => compileExpression(argument, names).run);
  const { apply } = method;
  return { run: (run) => apply(variable, evaluateAll(all, run), run, at), constant: false };
}

function evaluateAll(all: readonly Evaluate[], run: Run): readonly Value[] {
  const values: Value[] = [];
  for (const evaluate of all) values.push(evaluate(run));
  return values;
}

function checkCount(
  name: string,
  count: number,
  [fewest, most]: readonly [number, number],
  at: number,
): void {
  if (count >= fewest && count <= most) return;
  const wanted =
    fewest === most
      ? `${fewest}`
      : most === Infinity
        ? `${fewest} or more`
        : `${fewest} to ${most}`;
  const plural = wanted === '1' ? '' : 's';
  throw new EvaluationError(at, `${name} takes ${wanted} argument${plural}, found ${count}`);
}

/** Unconfirmed: 0 for Sunday. The documentation only states that Monday is 1. */
const timestampMembers: Readonly<Record<string, (date: Date) => number>> = {
  year: (date) => date.getUTCFullYear(),
  month: (date) => date.getUTCMonth() + 1,
  day: (date) => date.getUTCDate(),
  weekday: (date) => date.getUTCDay(),
  hour: (date) => date.getUTCHours(),
  minute: (date) => date.getUTCMinutes(),
  second: (date) => date.getUTCSeconds(),
};

function compileMember({ of, name, at }: MemberExpression, names: Names): Code {
  const read = Object.hasOwn(timestampMembers, name) ? timestampMembers[name] : undefined;
  if (read === undefined) throw new EvaluationError(at, `there is no member ${name}`);
  const code = compileExpression(of, names);
  return derived([code], (run) => {
    const value = code.run(run);
    if (typeof value !== 'object' || isVector(value) || value.kind !== 'timestamp') {
      throw new EvaluationError(at, `a ${typeOf(value)} has no member ${name}`);
    }
    return read(new Date(value.unixMs));
  });
}
