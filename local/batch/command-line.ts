/** A command line that ends inside a quotation, or in a backslash without a character to escape. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}

/**
 * Splits a task's command line into arguments. Batch runs no shell: nothing is expanded, and `&&`,
 * `|`, `>` and `$VAR` are arguments like any other.
 *
 * Unconfirmed: the node agent's quoting rules are not published. Assumed here: POSIX quoting, as in
 * `sh`. A line that ends inside a quotation throws, since the agent's arguments are unknown.
 */
export function splitCommandLine(line: string): string[] {
  const args: string[] = [];
  let arg: string | undefined;
  let at = 0;
  while (at < line.length) {
    if (isBlank(line.charAt(at))) {
      if (arg !== undefined) args.push(arg);
      arg = undefined;
      at += 1;
    } else {
      const piece = nextPiece(line, at);
      arg = (arg ?? '') + piece.text;
      at = piece.end;
    }
  }
  if (arg !== undefined) args.push(arg);
  return args;
}

interface Piece {
  readonly text: string;
  /** The offset of the rest of the line. */
  readonly end: number;
}

/** A quotation, an escaped character, or one plain character. */
function nextPiece(line: string, at: number): Piece {
  const character = line.charAt(at);
  if (character === "'") return singleQuoted(line, at);
  if (character === '"') return doubleQuoted(line, at);
  if (character === '\\') return { text: escaped(line, at), end: at + 2 };
  return { text: character, end: at + 1 };
}

function singleQuoted(line: string, at: number): Piece {
  const close = line.indexOf("'", at + 1);
  if (close === -1) throw unclosed(line, at);
  return { text: line.slice(at + 1, close), end: close + 1 };
}

/**
 * Inside double quotes a backslash escapes these characters alone, and is literal before any other.
 */
const ESCAPED_IN_DOUBLE_QUOTES = new Set(['"', '\\', '$', '`', '\n']);

function doubleQuoted(line: string, open: number): Piece {
  let text = '';
  let at = open + 1;
  while (at < line.length) {
    const character = line.charAt(at);
    if (character === '"') return { text, end: at + 1 };
    if (character === '\\' && ESCAPED_IN_DOUBLE_QUOTES.has(line.charAt(at + 1))) {
      text += escaped(line, at);
      at += 2;
    } else {
      text += character;
      at += 1;
    }
  }
  throw unclosed(line, open);
}

/** The text of a backslash and the character after it; before a newline, the empty string. */
function escaped(line: string, at: number): string {
  if (at + 1 >= line.length) {
    throw new CommandLineError(
      'the command line ends in a backslash without a character to escape',
    );
  }
  const character = line.charAt(at + 1);
  return character === '\n' ? '' : character;
}

function unclosed(line: string, at: number): CommandLineError {
  return new CommandLineError(
    `the command line opens a quotation with ${line.charAt(at)} at character ${at + 1} and never closes it`,
  );
}

function isBlank(character: string): boolean {
  return character === ' ' || character === '\t' || character === '\n' || character === '\r';
}
