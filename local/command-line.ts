import { Command, CommanderError, Option } from 'commander';
import { errorLine } from './error-line';

/** One option: with a value, with several, or a switch. */
export type OptionSpec =
  | { readonly type: 'string'; readonly multiple?: false; readonly default?: string }
  | { readonly type: 'string'; readonly multiple: true; readonly default: readonly string[] }
  | { readonly type: 'boolean'; readonly default: boolean };

export type Options = Readonly<Record<string, OptionSpec>>;

/**
 * A command as a person calls it. Plain data that imports nothing but Node and commander, so that
 * `scripts/run.mjs` can print the help and refuse a wrong option before anything is built.
 */
export interface CommandLine<Known extends Options> extends Call {
  readonly options: Known;
  /** Returns the error of a value, for checks that the types of the options cannot express. */
  readonly check?: (values: Values<Known>, args: readonly string[]) => string | undefined;
}

interface Call {
  /** The call without arguments, for example `npm run drop`. */
  readonly call: string;
  /** Printed by `--help`; opens with the call and ends with a newline. */
  readonly usage: string;
  /** Names of the required arguments, in order. Default: none. */
  readonly required?: readonly string[];
  /** Upper bound on the number of arguments. Default: as many as are required. */
  readonly maxArguments?: number;
  /** Names of options whose value must be a port, 0 (any free port) to 65535. */
  readonly ports?: readonly string[];
}

/** Infers the types of the options' values. */
export function defineCommand<const Known extends Options>(
  line: CommandLine<Known>,
): CommandLine<Known> {
  return line;
}

/** The value of each option, defaults filled in. */
export type Values<Known extends Options> = {
  readonly [Name in keyof Known]: ValueOf<Known[Name]>;
};

type ValueOf<Spec extends OptionSpec> = Spec extends { readonly type: 'boolean' }
  ? boolean
  : Spec extends { readonly multiple: true }
    ? readonly string[]
    : Spec extends { readonly default: string }
      ? string
      : string | undefined;

export type ParsedLine<Known extends Options> =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'invalid'; readonly message: string }
  | { readonly kind: 'call'; readonly values: Values<Known>; readonly args: readonly string[] };

/** Parses the arguments of one call. `--help` takes precedence over any error beside it. */
export function parseCommandLine<Known extends Options>(
  line: CommandLine<Known>,
  args: readonly string[],
): ParsedLine<Known> {
  if (asksForHelp(args)) return { kind: 'help', text: line.usage };
  const invalid = (message: string): ParsedLine<Known> => ({
    kind: 'invalid',
    message: `${line.call}: ${message}; ${helpCall(line)} lists the options`,
  });
  try {
    const { values, positionals } = parsed(line, args);
    const problem =
      checkArguments(line, positionals) ??
      checkPorts(line, values) ??
      line.check?.(values, positionals);
    if (problem !== undefined) return invalid(problem);
    return { kind: 'call', values, args: positionals };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return invalid(sentenceOf(error));
  }
}

function parsed<Known extends Options>({ options }: CommandLine<Known>, args: readonly string[]) {
  const known = Object.entries<OptionSpec>(options).map(
    ([name, spec]) => [name, optionOf(name, spec)] as const,
  );
  const command = new Command()
    .helpOption(false)
    .allowExcessArguments()
    .configureOutput({ writeErr: () => undefined })
    .exitOverride();
  for (const [, option] of known) command.addOption(option);
  const { args: positionals } = command.parse(args, { from: 'user' });
  const found = command.opts<Readonly<Record<string, unknown>>>();
  const values = known.map(([name, option]) => {
    const value = found[option.attributeName()];
    // commander turns a switch `--no-x` into the opposite of x.
    return [name, option.negate ? value === false : value] as const;
  });
  return { values: Object.fromEntries(values) as Values<Known>, positionals };
}

function optionOf(name: string, spec: OptionSpec): Option {
  const option = new Option(spec.type === 'boolean' ? `--${name}` : `--${name} <value>`);
  if (option.negate) return option;
  if (spec.default !== undefined) option.default(spec.default);
  if (spec.type === 'string' && spec.multiple === true) {
    option.argParser((value: string, before: readonly string[]) => [...before, value]);
  }
  return option;
}

/** `error: unknown option '--x'` and a suggestion in a second line, as one sentence. */
function sentenceOf({ message }: CommanderError): string {
  return message
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .trim();
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).some((arg) => arg === '--help' || arg === '-h');
}

/** npm passes on only what follows `--`. */
function helpCall({ call }: Call): string {
  return call.startsWith('npm ') ? `${call} -- --help` : `${call} --help`;
}

function checkArguments(
  { required = [], maxArguments = required.length }: Call,
  args: readonly string[],
): string | undefined {
  const missing = required[args.length];
  if (missing !== undefined) return `the ${missing} is missing`;
  const extra = args[maxArguments];
  return extra === undefined ? undefined : `unexpected argument ${JSON.stringify(extra)}`;
}

function checkPorts(
  { ports = [] }: Call,
  values: Readonly<Record<string, unknown>>,
): string | undefined {
  for (const name of ports) {
    const text = values[name];
    if (typeof text !== 'string' || (/^\d{1,5}$/.test(text) && Number(text) <= 65_535)) continue;
    return `--${name} must be a port number from 0 to 65535, not ${JSON.stringify(text)}`;
  }
  return undefined;
}

/** Exit code of a wrong call, as of most Unix programs. */
const WRONG_CALL = 2;
/** Time until the process is ended despite open handles after a failure. */
const EXIT_AFTER_MS = 1000;

/**
 * Runs a command as a program: help on standard output with exit code 0, a wrong call in one line
 * on standard error with 2, a failure on standard error with 1. `run` returns its own exit code,
 * 0 by default.
 */
export function runCommand<Known extends Options>(
  line: CommandLine<Known>,
  run: (values: Values<Known>, args: readonly string[]) => Promise<number | void>,
): void {
  const parsed = parseCommandLine(line, process.argv.slice(2));
  if (parsed.kind === 'help') return void process.stdout.write(parsed.text);
  if (parsed.kind === 'invalid') {
    process.stderr.write(`${parsed.message}\n`);
    process.exitCode = WRONG_CALL;
    return;
  }
  // Deferred until the program's file has been evaluated: constants follow the main function.
  Promise.resolve()
    .then(() => run(parsed.values, parsed.args))
    .then(
      (code) => {
        process.exitCode = code ?? 0;
      },
      (error: unknown) => {
        process.stderr.write(`${errorLine(error)}\n`);
        process.exitCode = 1;
        setTimeout(() => process.exit(), EXIT_AFTER_MS).unref();
      },
    );
}
