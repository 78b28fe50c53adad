import { FormulaError } from './formula-error';
import { Lexer } from './lexer';

export type BinaryOperator = keyof typeof binding;
export type UnaryOperator = '-' | '!';

/** Every node has the offset of its token; for a call, the offset of its `(`. */
export type Expression =
  | { readonly kind: 'number'; readonly at: number; readonly value: number }
  | { readonly kind: 'string'; readonly at: number; readonly value: string }
  | { readonly kind: 'name'; readonly at: number; readonly name: string }
  | UnaryExpression
  | BinaryExpression
  | ChoiceExpression
  | CallExpression
  | MemberExpression
  | MethodExpression;

export interface UnaryExpression {
  readonly kind: 'unary';
  readonly at: number;
  readonly operator: UnaryOperator;
  readonly operand: Expression;
}

export interface BinaryExpression {
  readonly kind: 'binary';
  readonly at: number;
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
}

export interface ChoiceExpression {
  readonly kind: 'choice';
  readonly at: number;
  readonly condition: Expression;
  readonly whenTrue: Expression;
  readonly whenFalse: Expression;
}

export interface CallExpression {
  readonly kind: 'call';
  readonly at: number;
  readonly name: string;
  readonly nameAt: number;
  readonly arguments: readonly Expression[];
}

export interface MemberExpression {
  readonly kind: 'member';
  readonly at: number;
  readonly of: Expression;
  readonly name: string;
}

export interface MethodExpression {
  readonly kind: 'method';
  readonly at: number;
  readonly of: Expression;
  readonly name: string;
  readonly nameAt: number;
  readonly arguments: readonly Expression[];
}

export interface Statement {
  /** The variable that is assigned; without one the value is discarded. */
  readonly target?: { readonly name: string; readonly at: number };
  readonly value: Expression;
}

/** Limits of the service. The length is measured in characters, comments included. */
const MAX_FORMULA_CHARACTERS = 8192;
const MAX_STATEMENTS = 100;

/**
 *     formula   = statement *( ";" statement ) [ ";" ]
 *     statement = [ name "=" expr | expr ]
 *
 * Unconfirmed: the code for too many statements; assumed here: that of a formula that is too long.
 */
export function parseStatements(text: string): readonly Statement[] {
  if (text.length > MAX_FORMULA_CHARACTERS) {
    const reason = `the formula has ${text.length} characters; at most ${MAX_FORMULA_CHARACTERS} are allowed`;
    throw new FormulaError('AutoScalingFormulaTooLong', reason, { line: 1, column: 1 });
  }
  const parser = new Parser(new Lexer(text));
  const statements = parser.statements();
  if (statements.length > MAX_STATEMENTS) {
    const reason = `the formula has ${statements.length} statements; at most ${MAX_STATEMENTS} are allowed`;
    throw new FormulaError('AutoScalingFormulaTooLong', reason, { line: 1, column: 1 });
  }
  return statements;
}

/** Precedence of the operators, as in C. */
const binding = {
  '||': 1,
  '&&': 2,
  '<': 3,
  '<=': 3,
  '==': 3,
  '>=': 3,
  '>': 3,
  '!=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
} as const;

const COMPARISON = 3;

/** Unlike Azure: expressions nest at most this deep. The service's own limit is not published. */
const MAX_DEPTH = 300;

class Parser {
  readonly #lexer: Lexer;
  #depth = 0;

  constructor(lexer: Lexer) {
    this.#lexer = lexer;
  }

  statements(): Statement[] {
    const statements: Statement[] = [];
    while (!this.#isEnd()) {
      if (this.#take(';')) continue;
      statements.push(this.#statement());
      if (!this.#isEnd()) this.#expect(';');
    }
    return statements;
  }

  #statement(): Statement {
    const start = this.#lexer.at;
    const value = this.#expression();
    if (!this.#isMark('=')) return { value };
    if (value.kind !== 'name' || value.at !== start) {
      throw this.#lexer.refuse('only a variable can be assigned');
    }
    this.#lexer.advance();
    return { target: { name: value.name, at: value.at }, value: this.#expression() };
  }

  /** expr = or [ "?" expr ":" expr ] */
  #expression(): Expression {
    this.#enter();
    const condition = this.#binary(1);
    const at = this.#lexer.at;
    if (!this.#take('?')) {
      this.#depth -= 1;
      return condition;
    }
    const whenTrue = this.#expression();
    this.#expect(':');
    const whenFalse = this.#expression();
    this.#depth -= 1;
    return { kind: 'choice', at, condition, whenTrue, whenFalse };
  }

  /**
   *     or  = and *( "||" and )
   *     and = cmp *( "&&" cmp )
   *     cmp = add [ ( "<" | "<=" | "==" | ">=" | ">" | "!=" ) add ]
   *     add = mul *( ( "+" | "-" ) mul )
   *     mul = unary *( ( "*" | "/" ) unary )
   *
   * One function for all five: it takes the operators that bind at least as closely as `closeness`.
   */
  #binary(closeness: number): Expression {
    const lexer = this.#lexer;
    const depth = this.#depth;
    let left = this.#unary();
    let ceiling = Number.POSITIVE_INFINITY;
    for (;;) {
      const operator = lexer.text;
      if (lexer.kind !== 'mark' || !isBinaryOperator(operator)) break;
      const own = binding[operator];
      if (own < closeness || own > ceiling) break;
      const at = lexer.at;
      lexer.advance();
      this.#enter();
      const right = this.#binary(own + 1);
      left = { kind: 'binary', at, operator, left, right };
      // A comparison is not an operand of another one: `1 < x < 3` is refused.
      ceiling = own === COMPARISON ? own - 1 : own;
    }
    this.#depth = depth;
    return left;
  }

  /** unary = ( "-" | "!" ) unary | postfix */
  #unary(): Expression {
    const at = this.#lexer.at;
    const operator = this.#take('-') ? '-' : this.#take('!') ? '!' : undefined;
    if (operator === undefined) return this.#postfix();
    this.#enter();
    const operand = this.#unary();
    this.#depth -= 1;
    return { kind: 'unary', at, operator, operand };
  }

  /** postfix = primary *( "." name [ "(" [ expr *( "," expr ) ] ")" ] ) */
  #postfix(): Expression {
    const lexer = this.#lexer;
    const depth = this.#depth;
    let value = this.#primary();
    while (this.#take('.')) {
      this.#enter();
      const name = lexer.text;
      const nameAt = lexer.at;
      if (lexer.kind !== 'name') throw this.#unexpected('a name');
      lexer.advance();
      const at = lexer.at;
      value = this.#isMark('(')
        ? { kind: 'method', at, of: value, name, nameAt, arguments: this.#arguments() }
        : { kind: 'member', at: nameAt, of: value, name };
    }
    this.#depth = depth;
    return value;
  }

  /** primary = number | string | name [ "(" [ expr *( "," expr ) ] ")" ] | "(" expr ")" */
  #primary(): Expression {
    const lexer = this.#lexer;
    const { kind, text, at } = lexer;
    if (kind === 'number') {
      lexer.advance();
      return { kind, at, value: Number(text) };
    }
    if (kind === 'string') {
      lexer.advance();
      return { kind, at, value: text };
    }
    if (kind === 'name') {
      lexer.advance();
      if (!this.#isMark('(')) return { kind, at, name: text };
      return { kind: 'call', at: lexer.at, name: text, nameAt: at, arguments: this.#arguments() };
    }
    if (!this.#take('(')) throw this.#unexpected('a value');
    const value = this.#expression();
    this.#expect(')');
    return value;
  }

  #arguments(): Expression[] {
    this.#expect('(');
    if (this.#take(')')) return [];
    const values = [this.#expression()];
    while (this.#take(',')) values.push(this.#expression());
    this.#expect(')');
    return values;
  }

  #enter(): void {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw this.#lexer.refuse('the expression is nested too deeply');
  }

  #isEnd(): boolean {
    return this.#lexer.kind === 'end';
  }

  #isMark(mark: string): boolean {
    return this.#lexer.kind === 'mark' && this.#lexer.text === mark;
  }

  #take(mark: string): boolean {
    if (!this.#isMark(mark)) return false;
    this.#lexer.advance();
    return true;
  }

  #expect(mark: string): void {
    if (!this.#take(mark)) throw this.#unexpected(JSON.stringify(mark));
  }

  #unexpected(wanted: string): FormulaError {
    const { kind, text } = this.#lexer;
    const found = kind === 'end' ? 'the end' : JSON.stringify(text);
    return this.#lexer.refuse(`expected ${wanted}, found ${found}`);
  }
}

function isBinaryOperator(text: string): text is BinaryOperator {
  return Object.hasOwn(binding, text);
}
