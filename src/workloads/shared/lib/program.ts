import { readFileSync } from 'node:fs';

/**
 * The common code of programs on nodes. A program runs in the working directory of its task
 * and ends with exit code 0, or with 1 and the reason as the last line of stderr.
 */

/** Environment variables, as a value. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Environment and clock of a program. They are read here only, and passed as arguments. */
export interface Surroundings {
  readonly environment: Environment;
  readonly now: () => Date;
}

/** The program was given something it cannot work with. The message says what, where, what to do. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** Runs `main` and turns what it throws into an exit code and a last line on stderr. */
export async function runProgram(
  main: (surroundings: Surroundings) => void | Promise<void>,
): Promise<void> {
  // oxlint-disable-next-line no-restricted-properties -- a program's one look at its environment
  const environment: Environment = process.env;

  try {
    await main({ environment, now: () => new Date() });
  } catch (error) {
    if (!(error instanceof InputError) && error instanceof Error) console.error(error.stack);
    console.error(oneLine(error instanceof Error ? error.message : String(error)));
    process.exitCode = 1;
  }
}

/** Reads a file that the app, or a task before this one, has put into the working directory. */
export function readStaged(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new InputError(
      `${file} cannot be read (${(error as NodeJS.ErrnoException).code}): it must lie in the working directory before the program starts.`,
      { cause: error },
    );
  }
}

/** Puts in front of a complaint about content the name of the file it is about. */
export function blaming<T>(subject: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${subject}: ${error.message}`, { cause: error });
  }
}

/** Longer reasons are cut: a reason may quote a file name or a line of an untrusted file. */
const LONGEST_REASON = 600;

/** Names come from strangers: a line break or an escape sequence in one must stay harmless. */
export function oneLine(text: string): string {
  const cut = text.length > LONGEST_REASON ? `${text.slice(0, LONGEST_REASON)}…` : text;
  return cut.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** Quotes what a stranger wrote, short enough for a sentence. */
export function quoted(text: string, longest = 60): string {
  return `"${text.length > longest ? `${text.slice(0, longest)}…` : text}"`;
}

export interface WholeNumberRule {
  readonly min: number;
  readonly max: number;
  /** Value when the variable is not set; without it the variable is required. */
  readonly otherwise?: number;
}

/** Reads a whole number from the environment; nothing and an empty text are the same. */
export function wholeNumber(environment: Environment, name: string, rule: WholeNumberRule): number {
  const text = environment[name] ?? '';
  if (text === '' && rule.otherwise !== undefined) return rule.otherwise;

  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= rule.min && value <= rule.max) return value;
  throw new InputError(
    `${name} is ${text === '' ? 'not set' : quoted(text)}: set it to a whole number from ${rule.min} to ${rule.max}.`,
  );
}
