import path from 'node:path';
import { Argument, Command } from 'commander';
import { connectTo, type Send } from '../client/api';
import { listRuns } from '../client/runs';
import { listWorkloads } from '../client/workloads';
import type { AddCommand, CommandContext } from './program';
import { printable } from './text';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
/** The name by which the scripts of the shells ask for completions. */
const PROTOCOL = 'complete';

/** `nightshift completion <shell>`, and the hidden command that its script calls. */
export const addCompletion: AddCommand = (program, context) => {
  program
    .command('completion')
    .description('Print the script with which a shell completes this command line.')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', HELP)
    .action(async (shell: string) => {
      const { script } = await import('@bomb.sh/tab');
      script(shell, program.name(), launcherOf(context));
    });
  program
    .command(PROTOCOL, { hidden: true })
    .argument('[words...]')
    .action((words: string[]) => complete(program, context, words));
};

const HELP = `
  bash        source <(npx nightshift completion bash)
  zsh         source <(npx nightshift completion zsh)
  fish        npx nightshift completion fish | source
  powershell  npx nightshift completion powershell | Out-String |
              Invoke-Expression

The script completes the name nightshift: an alias of npx nightshift, a
function, or a link to scripts/nightshift.mjs. Workloads and ids of runs come
from the app at NIGHTSHIFT_URL, or the local environment, if it answers soon.`;

/** The command that the script calls, whatever the name nightshift is in the shell. */
function launcherOf({ root }: CommandContext): string {
  return `node '${path.join(root, 'scripts', 'nightshift.mjs').replaceAll("'", String.raw`'\''`)}'`;
}

async function complete(
  program: Command,
  context: CommandContext,
  words: readonly string[],
): Promise<void> {
  const { default: tab } = await import('@bomb.sh/tab/commander');
  const described = tab(describedBy(program), { completionCommandName: 'completion' });
  const typed = program.commands.find((one) => one.name() === words[0]);
  const values = await candidates(context, wantedBy(typed));
  for (const { arguments: known, options } of described.commands.values()) {
    for (const one of known.values()) one.handler ??= (add) => addAll(add, values[one.name]);
    const workload = options.get('workload');
    if (workload !== undefined) workload.handler = (add) => addAll(add, values['workload']);
  }
  described.parse([...words]);
}

/** The commands without those of this file, which the library adds in its own form. */
function describedBy(program: Command): Command {
  const described = new Command(program.name());
  for (const command of program.commands) {
    if (command.name() !== 'completion' && command.name() !== PROTOCOL)
      described.addCommand(command);
  }
  return described;
}

type Candidate = readonly [value: string, description: string];

/** A shell inserts the value into its command line as it is. */
const SAFE = /^[A-Za-z0-9_.-]+$/;

function addAll(
  add: (value: string, description: string) => void,
  values: readonly Candidate[] = [],
): void {
  for (const [value, description] of values)
    if (SAFE.test(value)) add(value, printable(description));
}

/** Names of the arguments of a command, and of `--workload`, whose values the app knows. */
function wantedBy(command: Command | undefined): ReadonlySet<string> {
  const names = command?.registeredArguments.map((one) => one.name()) ?? [];
  const hasOption = command?.options.some(({ long }) => long === '--workload') === true;
  return new Set([...names, ...(hasOption ? ['workload'] : [])]);
}

/** A person waits for the shell: an app that does not answer within this time completes nothing. */
const TIMEOUT_MS = 800;
const NEWEST_RUNS = 30;

async function candidates(
  { environment }: CommandContext,
  wanted: ReadonlySet<string>,
): Promise<Readonly<Record<string, readonly Candidate[]>>> {
  const url = environment['NIGHTSHIFT_URL'] || 'http://localhost:7071';
  const key = environment['NIGHTSHIFT_KEY'] || null;
  const { send } = connectTo({ url, key, timeoutMs: TIMEOUT_MS });
  const isRunWanted = wanted.has('run') || wanted.has('run id');
  const [workloads, runs] = await Promise.all([
    isRunWanted || wanted.has('workload') ? orNothing(workloadsOf(send)) : [],
    isRunWanted ? orNothing(runsOf(send)) : [],
  ]);
  return { workload: workloads, run: [...workloads, ...runs], 'run id': runs };
}

async function workloadsOf(send: Send): Promise<readonly Candidate[]> {
  return (await listWorkloads(send)).map(({ name }) => [name, 'workload']);
}

async function runsOf(send: Send): Promise<readonly Candidate[]> {
  const { runs } = await listRuns(send, { limit: NEWEST_RUNS });
  return runs.map(({ runId, status }) => [runId, status]);
}

function orNothing(found: Promise<readonly Candidate[]>): Promise<readonly Candidate[]> {
  return found.catch(() => []);
}
