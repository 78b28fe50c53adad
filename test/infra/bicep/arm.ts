import { evaluate, type Scope } from './evaluate';
import { Reader, type Expression } from './expressions';
import { SUBSCRIPTION } from './functions';
import { tokensOf } from './tokens';
import { ResourceValue, textOf, type Value } from './values';

/**
 * Evaluates what a prediction leaves open: `[format('{0}x', reference(id, version).path)]`, in the
 * functional notation of Azure Resource Manager. The notation is a subset of Bicep's, so the text is
 * parsed as Bicep, and calls that are syntax in Bicep become that syntax.
 */
export function resolved(value: Value, params: Readonly<Record<string, Value>>): Value {
  if (Array.isArray(value)) return (value as readonly Value[]).map((one) => resolved(one, params));
  if (typeof value === 'string') return resolvedText(value, params);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [
      textOf(resolvedText(name, params)),
      resolved(one, params),
    ]),
  );
}

function resolvedText(text: string, params: Readonly<Record<string, Value>>): Value {
  if (!text.startsWith('[') || !text.endsWith(']')) return text;
  if (text.startsWith('[[')) return text.slice(1);
  const read = new Reader(tokensOf(text.slice(1, -1))).expression();
  return evaluate(asBicep(read), scopeOf(params));
}

/** Names of parameters, and ids of resources whose properties are read. */
function scopeOf(params: Readonly<Record<string, Value>>): Scope {
  const find = (name: string) =>
    name.startsWith('/') ? new ResourceValue('', '', name, {}) : params[name];
  const place = { file: '', subscriptionId: SUBSCRIPTION, resourceGroup: '', readJson: () => null };
  return { place, find, noteRead: () => {} };
}

type Call = Extract<Expression, { kind: 'call' }>;

const NOTHING: Expression = { kind: 'value', value: null };

const nameOf = (expression: Expression | undefined): string => {
  const [part] = expression?.kind === 'text' ? expression.parts : [];
  if (typeof part !== 'string') throw new Error('a literal text is missing');
  return part;
};

const under = (type: Expression, name: Expression) => ['/providers/', type, '/', name];

/** The syntax of Bicep for each call. A call that is missing here has the same name there. */
const syntax: Readonly<Record<string, (args: readonly Expression[], line: number) => Expression>> =
  {
    if: ([condition = NOTHING, yes = NOTHING, no = NOTHING]) => ({
      kind: 'choice',
      condition,
      yes,
      no,
    }),
    not: ([of = NOTHING]) => ({ kind: 'not', of }),
    lambda: (args) => ({
      kind: 'lambda',
      names: args.slice(0, -1).map(nameOf),
      body: args.at(-1) ?? NOTHING,
    }),
    lambdaVariables: ([name], line) => ({ kind: 'name', name: nameOf(name), line }),
    parameters: ([name], line) => ({ kind: 'name', name: nameOf(name), line }),
    createArray: (items) => ({ kind: 'array', items }),
    createObject: (args, line) => ({
      kind: 'object',
      entries: args.flatMap((key, index) =>
        index % 2 === 0 ? [{ key, value: args[index + 1] ?? NOTHING, line }] : [],
      ),
    }),
    format: ([pattern, ...values]) => ({
      kind: 'text',
      parts: nameOf(pattern)
        .split(/\{(\d+)\}/)
        .map((part, index) => (index % 2 === 0 ? part : (values[Number(part)] ?? NOTHING))),
    }),
    // Without 'Full' as its third argument it returns the properties.
    reference: ([id], line) => ({
      kind: 'member',
      of: { kind: 'name', name: nameOf(id), line },
      name: 'properties',
      safe: false,
    }),
    resourceId: ([subscription = NOTHING, group = NOTHING, type = NOTHING, name = NOTHING]) => ({
      kind: 'text',
      parts: ['/subscriptions/', subscription, '/resourceGroups/', group, ...under(type, name)],
    }),
    extensionResourceId: ([scope = NOTHING, type = NOTHING, name = NOTHING]) => ({
      kind: 'text',
      parts: [scope, ...under(type, name)],
    }),
  };

function asBicep(expression: Expression): Expression {
  switch (expression.kind) {
    case 'call':
      return callAsBicep(expression);
    case 'member':
      return { ...expression, of: asBicep(expression.of) };
    case 'index':
      return { ...expression, of: asBicep(expression.of), at: asBicep(expression.at) };
    default:
      return expression;
  }
}

function callAsBicep(call: Call): Expression {
  const args = call.args.map(asBicep);
  return syntax[call.name]?.(args, call.line) ?? { ...call, args };
}
