import type { Expression } from './expressions';
import { callFunction, type Place } from './functions';
import { isObject, Lambda, ResourceValue, textOf, Unknown, type Value } from './values';

/** What names stand for, from the inside out. */
export interface Scope {
  readonly place: Place;
  /** Undefined for a name that nothing declares. */
  readonly find: (name: string) => Value | undefined;
  /** Told of every property that is known only after deployment. */
  readonly noteRead: (read: Unknown) => void;
}

/** @throws Error when the value cannot be had: an unknown name, a module that is not deployed */
export function evaluate(expression: Expression, scope: Scope): Value {
  const inner = (one: Expression) => evaluate(one, scope);
  switch (expression.kind) {
    case 'value':
      return expression.value;
    case 'text': {
      const parts = expression.parts.map((part) => (typeof part === 'string' ? part : inner(part)));
      return parts.map(textOf).join('');
    }
    case 'name': {
      const value = scope.find(expression.name);
      if (value === undefined)
        throw new Error(`line ${expression.line}: nothing is called ${expression.name}`);
      return value;
    }
    case 'member':
      return memberOf(inner(expression.of), expression.name, expression.safe, scope);
    case 'index':
      return elementOf(inner(expression.of), inner(expression.at), scope);
    case 'call':
      return callFunction(expression.name, expression.args.map(inner), scope.place);
    case 'object':
      return Object.fromEntries(
        expression.entries.map(({ key, value }) => [textOf(inner(key)), inner(value)]),
      );
    case 'array':
      return expression.items.map(inner);
    case 'choice':
      return isTrue(inner(expression.condition)) ? inner(expression.yes) : inner(expression.no);
    case 'operation':
      return operate(expression.operator, inner(expression.left), () => inner(expression.right));
    case 'not':
      return !isTrue(inner(expression.of));
    case 'minus':
      return -Number(inner(expression.of));
    case 'lambda':
      return new Lambda((...args) =>
        evaluate(expression.body, withNames(scope, expression.names, args)),
      );
    case 'loop':
      return listIn(inner(expression.over)).map((item, index) =>
        evaluate(expression.body, withNames(scope, expression.names, [item, index])),
      );
    case 'when':
      return isTrue(inner(expression.condition)) ? inner(expression.body) : null;
  }
}

function withNames(scope: Scope, names: readonly string[], values: readonly Value[]): Scope {
  const local = new Map(names.map((name, index) => [name, values[index] ?? null]));
  return { ...scope, find: (name) => (local.has(name) ? local.get(name) : scope.find(name)) };
}

export function listIn(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value as readonly Value[];
  throw new Error(`${textOf(value)} is no array`);
}

function isTrue(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  throw new Error(`${textOf(value)} decides about the deployment and is not known before it`);
}

function memberOf(of: Value, name: string, safe: boolean, scope: Scope): Value {
  if (of instanceof Unknown) return noted(new Unknown(of.of, [...of.path, name]), scope);
  if (of instanceof ResourceValue) {
    if (name === 'id' || name === 'name' || name === 'type') return of[name];
    const own = of.body[name];
    // Part of what is written may still be filled in by Azure, such as `properties`.
    if (name === 'properties') return noted(new Unknown(of, [name]), scope);
    return own ?? noted(new Unknown(of, [name]), scope);
  }
  if (isObject(of)) {
    const value = of[name];
    if (value !== undefined) return value;
    if (safe) return null;
  }
  if (of === null && safe) return null;
  throw new Error(`${textOf(of).slice(0, 80)} has no ${name}`);
}

function noted(read: Unknown, scope: Scope): Unknown {
  scope.noteRead(read);
  return read;
}

function elementOf(of: Value, at: Value, scope: Scope): Value {
  if (typeof at === 'number') {
    const item = listIn(of)[at];
    if (item === undefined) throw new Error(`there is no element ${at}`);
    return item;
  }
  return memberOf(of, textOf(at), false, scope);
}

function operate(operator: string, left: Value, right: () => Value): Value {
  switch (operator) {
    case '&&':
      return isTrue(left) && isTrue(right());
    case '||':
      return isTrue(left) || isTrue(right());
    case '??':
      return left ?? right();
    case '==':
      return textOf(left) === textOf(right());
    case '!=':
      return textOf(left) !== textOf(right());
    default:
      return calculate(operator, Number(left), Number(right()));
  }
}

function calculate(operator: string, left: number, right: number): Value {
  const operations: Readonly<Record<string, number | boolean>> = {
    '+': left + right,
    '-': left - right,
    '*': left * right,
    '>': left > right,
    '>=': left >= right,
    '<': left < right,
    '<=': left <= right,
  };
  const result = operations[operator];
  if (result === undefined) throw new Error(`the checks do not know the operator ${operator}`);
  return result;
}
