import type { Command } from 'commander';
import { commands } from './commands';
import { exitCodeMeanings, exitCodes, type ExitCodeName } from './exit-codes';
import { programOf, type CommandContext } from './program';

/** The tables of docs/command-line.md. */

export interface DescribedCommand {
  readonly call: string;
  readonly description: string;
}

const unused = (): never => {
  throw new Error('a command that is only described is not run');
};

/** A context for a program that is described only. */
const NO_CONTEXT: CommandContext = {
  environment: {},
  write: unused,
  writeError: unused,
  now: unused,
  wait: unused,
  confirm: null,
  terminal: null,
  folder: '',
  root: '',
  platform: 'linux',
  openUrl: unused,
  fetchHostKey: unused,
};

/** Every command with its arguments, in the order of the help. */
export function describedCommands(): readonly DescribedCommand[] {
  const program = programOf(NO_CONTEXT);
  for (const add of commands) add(program, NO_CONTEXT);
  return program.createHelp().visibleCommands(program).flatMap(described);
}

function described(command: Command): readonly DescribedCommand[] {
  if (command.commands.length === 0) return [rowOf(command, command.name())];
  return command.commands.map((sub) => rowOf(sub, `${command.name()} ${sub.name()}`));
}

function rowOf(command: Command, name: string): DescribedCommand {
  const args = command.registeredArguments.map((argument) => {
    const text = `${argument.name()}${argument.variadic ? '…' : ''}`;
    return argument.required ? `<${text}>` : `[<${text}>]`;
  });
  return { call: [name, ...args].join(' '), description: command.description() };
}

/** Every exit code with its meaning. */
export function describedExitCodes(): readonly (readonly [code: number, meaning: string])[] {
  const names = Object.keys(exitCodes) as readonly ExitCodeName[];
  return names.map((name) => [exitCodes[name], exitCodeMeanings[name]]);
}
