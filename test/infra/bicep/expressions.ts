import type { Token } from './tokens';

/** An expression of Bicep, with the precedence that Bicep gives it. */
export type Expression =
  | { readonly kind: 'value'; readonly value: number | boolean | null }
  | { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'name'; readonly name: string; readonly line: number }
  | {
      readonly kind: 'member';
      readonly of: Expression;
      readonly name: string;
      readonly safe: boolean;
    }
  | { readonly kind: 'index'; readonly of: Expression; readonly at: Expression }
  | {
      readonly kind: 'call';
      readonly name: string;
      readonly args: readonly Expression[];
      readonly line: number;
    }
  | { readonly kind: 'object'; readonly entries: readonly Entry[] }
  | { readonly kind: 'array'; readonly items: readonly Expression[] }
  | {
      readonly kind: 'choice';
      readonly condition: Expression;
      readonly yes: Expression;
      readonly no: Expression;
    }
  | {
      readonly kind: 'operation';
      readonly operator: string;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'not'; readonly of: Expression }
  | { readonly kind: 'minus'; readonly of: Expression }
  | { readonly kind: 'lambda'; readonly names: readonly string[]; readonly body: Expression }
  | {
      readonly kind: 'loop';
      readonly names: readonly string[];
      readonly over: Expression;
      readonly body: Expression;
    }
  | { readonly kind: 'when'; readonly condition: Expression; readonly body: Expression };

export interface Entry {
  readonly key: Expression;
  readonly value: Expression;
  readonly line: number;
}

/** Binary operators, loosest first. */
const LEVELS: readonly (readonly string[])[] = [
  ['??'],
  ['||'],
  ['&&'],
  ['==', '!=', '=~', '!~'],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
];

/** Reads expressions off a row of tokens. */
export class Reader {
  #at = 0;

  constructor(readonly tokens: readonly Token[]) {}

  get next(): Token | undefined {
    return this.tokens[this.#at];
  }

  get line(): number {
    return this.next?.line ?? this.tokens.at(-1)?.line ?? 0;
  }

  is(text: string, ahead = 0): boolean {
    const token = this.tokens[this.#at + ahead];
    return (
      token !== undefined && token.kind !== 'number' && token.kind !== 'text' && token.text === text
    );
  }

  take(text: string): boolean {
    if (!this.is(text)) return false;
    this.#at += 1;
    return true;
  }

  want(text: string): void {
    if (!this.take(text)) this.fail(`"${text}" is missing`);
  }

  name(): string {
    const token = this.next;
    if (token?.kind !== 'name') return this.fail('a name is missing');
    this.#at += 1;
    return token.text;
  }

  plainText(): string {
    const token = this.next;
    if (token?.kind !== 'text') return this.fail('a string is missing');
    this.#at += 1;
    return token.parts.filter((part) => typeof part === 'string').join('');
  }

  skip(): Token {
    const token = this.next;
    if (token === undefined) return this.fail('the file ends too early');
    this.#at += 1;
    return token;
  }

  fail(why: string): never {
    const token = this.next;
    const found =
      token === undefined
        ? 'the end'
        : token.kind === 'name' || token.kind === 'symbol'
          ? token.text
          : token.kind;
    throw new Error(`line ${this.line}: ${why}, found ${found}`);
  }

  /** A value as it stands after `=`: plain, with `if`, or a loop. */
  body(): Expression {
    if (this.take('if')) {
      this.want('(');
      const condition = this.expression();
      this.want(')');
      return { kind: 'when', condition, body: this.body() };
    }
    return this.expression();
  }

  expression(): Expression {
    if (this.#lambdaAhead()) return this.#lambda();
    const condition = this.#binary(0);
    if (!this.take('?')) return condition;
    const yes = this.expression();
    this.want(':');
    return { kind: 'choice', condition, yes, no: this.expression() };
  }

  #lambdaAhead(): boolean {
    if (this.next?.kind === 'name' && this.is('=>', 1)) return true;
    if (!this.is('(')) return false;
    let ahead = 1;
    while (this.tokens[this.#at + ahead]?.kind === 'name' || this.is(',', ahead)) ahead += 1;
    return this.is(')', ahead) && this.is('=>', ahead + 1);
  }

  #lambda(): Expression {
    const names: string[] = [];
    if (this.take('(')) {
      while (!this.take(')')) {
        names.push(this.name());
        this.take(',');
      }
    } else names.push(this.name());
    this.want('=>');
    return { kind: 'lambda', names, body: this.expression() };
  }

  #binary(level: number): Expression {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((one) => this.is(one));
      if (operator === undefined) return left;
      this.skip();
      left = { kind: 'operation', operator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expression {
    if (this.take('!')) return { kind: 'not', of: this.#unary() };
    if (this.take('-')) return { kind: 'minus', of: this.#unary() };
    return this.#postfix(this.#primary());
  }

  #postfix(first: Expression): Expression {
    let of = first;
    for (;;) {
      const sameLine = this.next?.line === this.tokens[this.#at - 1]?.line;
      if (this.is('.') || this.is('.?')) {
        const safe = this.take('.?');
        if (!safe) this.want('.');
        of = { kind: 'member', of, name: this.name(), safe };
      } else if (sameLine && this.take('[')) {
        of = { kind: 'index', of, at: this.expression() };
        this.want(']');
      } else if (sameLine && this.is('!') && this.is('.', 1)) this.skip();
      else return of;
    }
  }

  #primary(): Expression {
    const { line } = this;
    const token = this.next;
    if (token?.kind === 'number') {
      this.skip();
      return { kind: 'value', value: token.value };
    }
    if (token?.kind === 'text') {
      this.skip();
      const parts = token.parts.map((part) =>
        typeof part === 'string' ? part : new Reader(part).expression(),
      );
      return { kind: 'text', parts };
    }
    if (this.take('(')) {
      const inner = this.expression();
      this.want(')');
      return inner;
    }
    if (this.is('{')) return this.#object();
    if (this.is('[')) return this.#array();
    const name = this.name();
    if (name === 'true' || name === 'false') return { kind: 'value', value: name === 'true' };
    if (name === 'null') return { kind: 'value', value: null };
    if (this.is('(')) return { kind: 'call', name, args: this.#args(), line };
    return { kind: 'name', name, line };
  }

  #args(): Expression[] {
    this.want('(');
    const args: Expression[] = [];
    while (!this.take(')')) {
      args.push(this.expression());
      if (!this.is(')')) this.want(',');
    }
    return args;
  }

  #object(): Expression {
    this.want('{');
    const entries: Entry[] = [];
    while (!this.take('}')) {
      const { line } = this;
      const key: Expression =
        this.next?.kind === 'text' ? this.#primary() : { kind: 'text', parts: [this.name()] };
      this.want(':');
      entries.push({ key, value: this.body(), line });
      this.take(',');
    }
    return { kind: 'object', entries };
  }

  #array(): Expression {
    this.want('[');
    if (this.take('for')) return this.#loop();
    const items: Expression[] = [];
    while (!this.take(']')) {
      items.push(this.expression());
      this.take(',');
    }
    return { kind: 'array', items };
  }

  #loop(): Expression {
    const names: string[] = [];
    if (this.take('(')) {
      names.push(this.name());
      this.want(',');
      names.push(this.name());
      this.want(')');
    } else names.push(this.name());
    this.want('in');
    const over = this.expression();
    this.want(':');
    const body = this.body();
    this.want(']');
    return { kind: 'loop', names, over, body };
  }
}

/** What an expression is made of; the `over` of a loop stands outside and is not of it. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'value':
    case 'name':
      return [];
    case 'text':
      return expression.parts.filter((part) => typeof part !== 'string');
    case 'member':
    case 'not':
    case 'minus':
      return [expression.of];
    case 'index':
      return [expression.of, expression.at];
    case 'call':
      return expression.args;
    case 'object':
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case 'array':
      return expression.items;
    case 'choice':
      return [expression.condition, expression.yes, expression.no];
    case 'operation':
      return [expression.left, expression.right];
    case 'lambda':
    case 'loop':
      return [expression.body];
    case 'when':
      return [expression.condition, expression.body];
  }
}
