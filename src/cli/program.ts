import { Command, CommanderError } from 'commander';
import { ApiError } from '../client/api-error';
import { errorText } from './error-text';
import { exitCodes } from './exit-codes';
import type { SiteChoice } from './sign-in';

/** Everything that a command takes from its process. */
export interface CommandContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly now: () => Date;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Asks a person a question that is answered with y or n; null where nobody sits at a terminal. */
  readonly confirm: ((question: string) => Promise<boolean>) | null;
  /** The terminal of the standard output; null where it is a file or a pipe. */
  readonly terminal: NodeJS.WriteStream | null;
  /** The working folder. */
  readonly folder: string;
  /** The checkout that this command line belongs to. */
  readonly root: string;
  readonly platform: NodeJS.Platform;
  /** Opens an address in a browser; false where that is not possible. */
  readonly openUrl: (url: string) => Promise<boolean>;
  /** Fetches a function key of a deployed app with the identity that is signed in. */
  readonly fetchHostKey: (site: SiteChoice) => Promise<string>;
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

  constructor(
    message: string,
    readonly code: number = exitCodes.error,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Ends the program with a code, after everything has been printed. */
export class EndWith extends Error {
  override readonly name = 'EndWith';

  constructor(readonly code: number) {
    super(`exit code ${code}`);
  }
}

/** Columns of help, and of output that is not to a terminal. */
export const COLUMNS = 80;

/**
 * Runs one command and returns its exit code, one of `exit-codes.ts`: help is printed to standard
 * output, a wrong call and a failure in one line to standard error.
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
    return exitCodes.wrongCall;
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
    return codeOf(error);
  }
}

function codeOf(error: unknown): number {
  if (error instanceof CommandFailed) return error.code;
  if (error instanceof Error && error.name === 'HostKeyError') return exitCodes.unauthorized;
  if (!(error instanceof ApiError)) return exitCodes.error;
  if (error.kind === 'unreachable') return exitCodes.unreachable;
  const isDenied = error.status === 401 || error.status === 403;
  return isDenied ? exitCodes.unauthorized : exitCodes.error;
}

/** The columns of the output. */
export function columnsOf({ terminal }: CommandContext): number {
  return terminal?.columns ?? COLUMNS;
}

export function programOf({ write }: CommandContext): Command {
  return (
    new Command('nightshift')
      .description('Commands for a Nightshift app: local, or in Azure.')
      .configureOutput({
        writeOut: write,
        // Errors are printed in one line by `run`.
        writeErr: () => undefined,
        getOutHelpWidth: () => COLUMNS,
      })
      // Arguments and options are in the help of each command.
      .configureHelp({ subcommandTerm: (command) => command.name() })
      .helpCommand(false)
      .exitOverride()
  );
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
