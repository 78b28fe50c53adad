/**
 * As much of the autoscale language as the app's own formulas use: assignments, `? :`, comparisons,
 * arithmetic, `min`, `max`, `time` and samples. Anything else is a bug, and said so.
 *
 *   formula    = { name "=" expression ";" }
 *   expression = or [ "?" expression ":" expression ]
 */
export interface Targets {
  readonly spot: number;
  readonly dedicated: number;
  /** Nodes that leave do so at once, whatever they run. */
  readonly terminates: boolean;
}

/** The newest sample of a metric such as `$PendingTasks`. */
export type Metrics = (name: string) => number;

type Value = number | string;
interface Scope {
  readonly now: number;
  readonly metrics: Metrics;
  readonly names: Map<string, Value>;
}
type Expression = (scope: Scope) => Value;

const TOKEN =
  /\s*(?:\/\/[^\n]*|(\d+(?:\.\d+)?|"[^"]*"|[A-Za-z_$][\w$]*|<=|>=|==|&&|\|\||[-+*/<>?:().,;=]))/y;

const CONSTANTS: Readonly<Record<string, Value>> = {
  TimeInterval_Minute: 1,
  terminate: 'terminate',
  taskcompletion: 'taskcompletion',
};

export function compileFormula(text: string): (now: number, metrics: Metrics) => Targets {
  const statements = [...statementsOf(new Tokens(text))];
  return (now, metrics) => {
    const scope: Scope = { now, metrics, names: new Map() };
    for (const { name, value } of statements) scope.names.set(name, value(scope));
    const target = (name: string) => Math.max(0, Math.trunc(Number(scope.names.get(name) ?? 0)));
    return {
      spot: target('$TargetLowPriorityNodes'),
      dedicated: target('$TargetDedicatedNodes'),
      terminates: scope.names.get('$NodeDeallocationOption') === 'terminate',
    };
  };
}

class Tokens {
  readonly #all: string[] = [];
  #next = 0;

  constructor(text: string) {
    TOKEN.lastIndex = 0;
    for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
      if (match[1] !== undefined) this.#all.push(match[1]);
    }
  }

  get peek(): string | undefined {
    return this.#all[this.#next];
  }

  take(): string {
    const token = this.#all[this.#next++];
    if (token === undefined) throw new Error('the formula ends too soon');
    return token;
  }

  takeIf(token: string): boolean {
    if (this.peek !== token) return false;
    this.#next += 1;
    return true;
  }

  demand(token: string): void {
    const found = this.take();
    if (found !== token) throw new Error(`the formula has ${found} where ${token} belongs`);
  }
}

function* statementsOf(tokens: Tokens): Generator<{ name: string; value: Expression }> {
  while (tokens.peek !== undefined) {
    const name = tokens.take();
    tokens.demand('=');
    const value = conditional(tokens);
    tokens.demand(';');
    yield { name, value };
  }
}

function conditional(tokens: Tokens): Expression {
  const condition = operation(tokens, 0);
  if (!tokens.takeIf('?')) return condition;
  const then = conditional(tokens);
  tokens.demand(':');
  const otherwise = conditional(tokens);
  return (scope) => (condition(scope) === 0 ? otherwise(scope) : then(scope));
}

/** From the loosest to the tightest. */
const OPERATORS: readonly Readonly<Record<string, (one: number, other: number) => number>>[] = [
  { '||': (a, b) => Number(a !== 0 || b !== 0) },
  { '&&': (a, b) => Number(a !== 0 && b !== 0) },
  {
    '<': (a, b) => Number(a < b),
    '>': (a, b) => Number(a > b),
    '<=': (a, b) => Number(a <= b),
    '>=': (a, b) => Number(a >= b),
    '==': (a, b) => Number(a === b),
  },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => a / b },
];

function operation(tokens: Tokens, level: number): Expression {
  const operators = OPERATORS[level];
  if (operators === undefined) return primary(tokens);
  let left = operation(tokens, level + 1);
  for (;;) {
    const apply = operators[tokens.peek ?? ''];
    if (apply === undefined) return left;
    tokens.take();
    const [one, other] = [left, operation(tokens, level + 1)];
    left = (scope) => apply(Number(one(scope)), Number(other(scope)));
  }
}

function primary(tokens: Tokens): Expression {
  const token = tokens.take();
  if (token === '(') {
    const inner = conditional(tokens);
    tokens.demand(')');
    return inner;
  }
  if (/^\d/.test(token)) return () => Number(token);
  if (token.startsWith('"')) return () => token.slice(1, -1);
  if (tokens.takeIf('.')) {
    tokens.demand('GetSample');
    argumentsOf(tokens);
    return ({ metrics }) => metrics(token);
  }
  if (tokens.peek === '(') return call(token, argumentsOf(tokens));
  return ({ names, metrics }) =>
    names.get(token) ??
    CONSTANTS[token] ??
    (token.startsWith('$') ? metrics(token) : missing(token));
}

function argumentsOf(tokens: Tokens): readonly Expression[] {
  const values: Expression[] = [];
  tokens.demand('(');
  while (!tokens.takeIf(')')) {
    values.push(conditional(tokens));
    tokens.takeIf(',');
  }
  return values;
}

function call(name: string, values: readonly Expression[]): Expression {
  const numbers = (scope: Scope) => values.map((value) => Number(value(scope)));
  switch (name) {
    case 'min':
      return (scope) => Math.min(...numbers(scope));
    case 'max':
      return (scope) => Math.max(...numbers(scope));
    case 'time': {
      const [at] = values;
      return at === undefined ? ({ now }) => now : (scope) => Date.parse(String(at(scope)));
    }
    default:
      return missing(name);
  }
}

function missing(name: string): never {
  throw new Error(`nothing in the formula is called ${name}`);
}
