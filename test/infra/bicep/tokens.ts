/** Bicep as tokens. Strings keep their interpolations as tokens of their own. */
export type Token =
  | { readonly kind: 'name' | 'symbol'; readonly text: string; readonly line: number }
  | { readonly kind: 'number'; readonly value: number; readonly line: number }
  | {
      readonly kind: 'text';
      readonly parts: readonly (string | readonly Token[])[];
      readonly line: number;
    };

const SYMBOLS = /^(=>|==|!=|=~|!~|<=|>=|&&|\|\||\?\?|\.\?|\[\?|::|[{}[\]().,:?=!<>+\-*/%@|])/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;
const NUMBER = /^\d+/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

/** @throws Error naming the line of what is no Bicep */
export function tokensOf(source: string, firstLine = 1): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = firstLine;
  while (at < source.length) {
    const rest = source.slice(at);
    const skipped = /^(\/\/[^\n]*|\/\*[^]*?\*\/|\s+)/.exec(rest)?.[0];
    if (skipped !== undefined) {
      line += newlinesIn(skipped);
      at += skipped.length;
      continue;
    }
    const text = textAt(source, at, line);
    if (text !== null) {
      tokens.push(text.token);
      line += newlinesIn(source.slice(at, text.end));
      at = text.end;
      continue;
    }
    const [token, length] = plainToken(rest, line);
    tokens.push(token);
    at += length;
  }
  return tokens;
}

function plainToken(rest: string, line: number): [Token, number] {
  const name = NAME.exec(rest)?.[0];
  if (name !== undefined) return [{ kind: 'name', text: name, line }, name.length];
  const number = NUMBER.exec(rest)?.[0];
  if (number !== undefined) return [{ kind: 'number', value: Number(number), line }, number.length];
  const symbol = SYMBOLS.exec(rest)?.[0];
  if (symbol !== undefined) return [{ kind: 'symbol', text: symbol, line }, symbol.length];
  throw new Error(`line ${line}: ${JSON.stringify(rest.slice(0, 10))} is no Bicep`);
}

function newlinesIn(text: string): number {
  return text.split('\n').length - 1;
}

function textAt(source: string, start: number, line: number): { token: Token; end: number } | null {
  if (source.startsWith("'''", start)) {
    const close = source.indexOf("'''", start + 3);
    if (close < 0) throw new Error(`line ${line}: a string does not end`);
    const raw = source.slice(start + 3, close).replace(/^\n/, '');
    return { token: { kind: 'text', parts: [raw], line }, end: close + 3 };
  }
  return source[start] === "'" ? quotedAt(source, start, line) : null;
}

function quotedAt(source: string, start: number, line: number): { token: Token; end: number } {
  const parts: (string | Token[])[] = [];
  let plain = '';
  let at = start + 1;
  for (;;) {
    const char = source[at];
    if (char === undefined || char === '\n') throw new Error(`line ${line}: a string does not end`);
    if (char === "'") {
      parts.push(plain);
      return { token: { kind: 'text', parts, line }, end: at + 1 };
    }
    if (char === '\\') {
      const escaped = source[at + 1] ?? '';
      plain += ESCAPES[escaped] ?? escaped;
      at += 2;
    } else if (source.startsWith('${', at)) {
      const end = endOfInterpolation(source, at + 2, line);
      parts.push(plain, tokensOf(source.slice(at + 2, end), line));
      plain = '';
      at = end + 1;
    } else {
      plain += char;
      at += 1;
    }
  }
}

function endOfInterpolation(source: string, start: number, line: number): number {
  let depth = 0;
  for (let at = start; at < source.length; at++) {
    const char = source[at];
    if (char === "'") at = quotedAt(source, at, line).end - 1;
    else if (char === '{') depth += 1;
    else if (char === '}' && depth === 0) return at;
    else if (char === '}') depth -= 1;
  }
  throw new Error(`line ${line}: an interpolation does not end`);
}
