import { Command, CommanderError } from 'commander';
import { errorText } from './error-text';

/** Everything that a command takes from its process. */
export interface CommandContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Asks a person a question that is answered with y or n; null where nobody sits at a terminal. */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
}

/** Adds one command to the program. An action that fails throws; its message is printed. */
export type AddCommand = (program: Command, context: CommandContext) => void;

/** An error in how a command was called, for checks that its options cannot express: exit code 2. */
export class WrongCall extends Error {
  override readonly name = 'WrongCall';
}

/** The end of a command that did not succeed, in one sentence. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}

/** Ends the program with a code, after everything has been printed. */
export class EndWith extends Error {
  override readonly name = 'EndWith';

  constructor(readonly code: number) {
    super(`exit code ${code}`);
  }
}

const FAILED = 1;
/** Exit code of a wrong call, as of most Unix programs. */
const WRONG_CALL = 2;
const COLUMNS = 80;

/**
 * Runs one command and returns its exit code: help on standard output with 0, a wrong call in one
 * line on standard error with 2, a failure in one line on standard error with 1.
 */
export async function run(
  commands: readonly AddCommand[],
  args: readonly string[],
  context: CommandContext,
): Promise<number> {
  const program = programOf(context);
  for (const add of commands) add(program, context);
  const refuse = (message: string): number => {
    const call = callOf(program, args);
    context.writeError(`${call}: ${message}; ${call} --help lists the options\n`);
    return WRONG_CALL;
  };
  if (args.length === 0) return refuse('the command is missing');
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (error instanceof CommanderError && error.code === 'commander.help') {
      return refuse('the command is missing');
    }
    if (error instanceof CommanderError) return refuse(sentenceOf(error));
    if (error instanceof EndWith) return error.code;
    if (error instanceof WrongCall) return refuse(error.message);
    const text = error instanceof CommandFailed ? error.message : errorText(error);
    context.writeError(`${text}\n`);
    return FAILED;
  }
}

function programOf({ write }: CommandContext): Command {
  return new Command('nightshift')
    .description('Commands for a Nightshift app: local, or in Azure.')
    .configureOutput({
      writeOut: write,
      // Errors are printed in one line by `run`.
      writeErr: () => undefined,
      getOutHelpWidth: () => COLUMNS,
    })
    .helpCommand(false)
    .exitOverride();
}

/** The call without its arguments, such as `nightshift backfill`. */
function callOf(program: Command, args: readonly string[]): string {
  let command = program;
  const names = [program.name()];
  for (const arg of args) {
    const next = command.commands.find((one) => one.name() === arg);
    if (next === undefined) break;
    names.push(arg);
    command = next;
  }
  return names.join(' ');
}

/** `error: unknown option '--x'` and a suggestion in a second line, as one sentence. */
function sentenceOf({ message }: CommanderError): string {
  return message
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '')
    .trim();
}
