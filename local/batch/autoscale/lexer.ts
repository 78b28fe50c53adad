import { FormulaError, positionOf } from './formula-error';

export type TokenKind = 'name' | 'number' | 'string' | 'mark' | 'end';

/**
 * Walks a formula from token to token; `kind`, `text` and `at` describe the current token.
 *
 *     name    = [ "$" ] letter *( letter | digit | "_" )
 *     number  = digits [ "." digits ] [ ( "e" | "E" ) [ "+" | "-" ] digits ]
 *     string  = '"' *( any character but '"' and newline ) '"'
 *     comment = "//" up to the end of the line
 *
 * Unconfirmed: names in other letters, strings in single quotes and escapes within strings. No
 * published formula has any of them, so they are refused.
 */
export class Lexer {
  kind: TokenKind = 'end';
  /** The token as written; for a string, the text between the quotes. */
  text = '';
  /** The offset of the token. */
  at = 0;
  #end = 0;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
    this.advance();
  }

  advance(): void {
    const source = this.#source;
    const at = skipBlanks(source, this.#end);
    const code = source.charCodeAt(at);
    this.at = at;
    if (at >= source.length) this.#take('end', at);
    else if (code === DOLLAR || isLetter(code)) this.#take('name', this.#endOfName());
    else if (isDigit(code)) this.#take('number', this.#endOfNumber());
    else if (code === QUOTE) this.#takeString();
    else this.#take('mark', at + this.#lengthOfMark());
  }

  refuse(reason: string, at = this.at): FormulaError {
    return new FormulaError('AutoScalingFormulaSyntaxError', reason, positionOf(this.#source, at));
  }

  #take(kind: TokenKind, end: number): void {
    this.kind = kind;
    this.text = this.#source.slice(this.at, end);
    this.#end = end;
  }

  #endOfName(): number {
    let end = this.at + 1;
    if (this.#source.charCodeAt(this.at) === DOLLAR && !isLetter(this.#source.charCodeAt(end))) {
      throw this.refuse('a name is missing after $');
    }
    while (isLetter(this.#source.charCodeAt(end)) || isDigit(this.#source.charCodeAt(end)))
      end += 1;
    return end;
  }

  #endOfNumber(): number {
    const source = this.#source;
    let end = endOfDigits(source, this.at);
    if (source.charCodeAt(end) === DOT && isDigit(source.charCodeAt(end + 1))) {
      end = endOfDigits(source, end + 1);
    }
    if ((source.charCodeAt(end) | LOWER_CASE) === LETTER_E) {
      const sign = source.charCodeAt(end + 1);
      const digits = sign === PLUS || sign === MINUS ? end + 2 : end + 1;
      if (isDigit(source.charCodeAt(digits))) end = endOfDigits(source, digits);
    }
    if (isLetter(source.charCodeAt(end))) {
      throw this.refuse(`${JSON.stringify(source.slice(this.at, end + 1))} is not a number`);
    }
    return end;
  }

  #takeString(): void {
    const close = this.#source.indexOf('"', this.at + 1);
    const text = this.#source.slice(this.at + 1, close);
    if (close === -1 || text.includes('\n')) throw this.refuse('a string is not closed');
    this.kind = 'string';
    this.text = text;
    this.#end = close + 1;
  }

  #lengthOfMark(): number {
    const source = this.#source;
    const mark = source.charAt(this.at);
    const next = source.charAt(this.at + 1);
    if (next === '=' && '=!<>'.includes(mark)) return 2;
    if (next === mark && '&|'.includes(mark)) return 2;
    if ('+-*/()<>=!?:;,.'.includes(mark)) return 1;
    const character = String.fromCodePoint(source.codePointAt(this.at) ?? 0);
    throw this.refuse(`the formula language has no ${JSON.stringify(character)}`);
  }
}

const DOLLAR = 0x24;
const QUOTE = 0x22;
const DOT = 0x2e;
const PLUS = 0x2b;
const MINUS = 0x2d;
const SLASH = 0x2f;
const UNDERSCORE = 0x5f;
const LETTER_E = 0x65;
/** Turns an ASCII letter into lower case. */
const LOWER_CASE = 0x20;

/** Skips blanks and comments. */
function skipBlanks(source: string, from: number): number {
  let at = from;
  for (;;) {
    const code = source.charCodeAt(at);
    if (code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0 || code === 0xfeff) {
      at += 1;
    } else if (code === SLASH && source.charCodeAt(at + 1) === SLASH) {
      const newline = source.indexOf('\n', at);
      at = newline === -1 ? source.length : newline + 1;
    } else {
      return at;
    }
  }
}

function endOfDigits(source: string, from: number): number {
  let end = from;
  while (isDigit(source.charCodeAt(end))) end += 1;
  return end;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLetter(code: number): boolean {
  const small = code | LOWER_CASE;
  return (small >= 0x61 && small <= 0x7a) || code === UNDERSCORE;
}
