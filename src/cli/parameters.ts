import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import type { Send } from '../client/api';
import type { NewRun } from '../client/runs';
import { listWorkloads } from '../client/workloads';
import { CommandFailed, WrongCall, type CommandContext } from './program';
import { printable } from './text';

/** The options that describe a run to start or to plan. */
export interface RunOptions {
  readonly parameter?: readonly string[];
  readonly parameters?: string;
  readonly blob?: string;
}

export function addRunOptions(command: Command): Command {
  const each = (value: string, before: readonly string[] = []): readonly string[] => [
    ...before,
    value,
  ];
  return command
    .option('-p, --parameter <name=value>', 'a parameter of the run; may be repeated', each)
    .option('--parameters <file>', 'JSON file with an object of parameters')
    .option('--blob <name>', 'take this input blob alone');
}

/** The body of a start or a plan. Parameters of the command line replace those of the file. */
export async function runBodyFrom(
  context: CommandContext,
  send: Send,
  workload: string,
  { parameter = [], parameters, blob }: RunOptions,
): Promise<NewRun> {
  const pairs = parameter.map(pairIn);
  const fromFile = parameters === undefined ? {} : readParameters(context, parameters);
  const types = pairs.length === 0 ? {} : await typesOf(send, workload);
  const given = Object.fromEntries(
    pairs.map(([name, value]) => [name, valueOf(value, types[name])]),
  );
  return {
    parameters: { ...fromFile, ...given },
    ...(blob !== undefined && { blob }),
  };
}

function pairIn(text: string): readonly [name: string, value: string] {
  const [, name = '', value = ''] = /^([^=\s]+)=([\s\S]*)$/.exec(text) ?? [];
  if (name !== '') return [name, value];
  throw new WrongCall(`--parameter must be name=value, not ${JSON.stringify(text)}`);
}

function readParameters({ folder }: CommandContext, file: string): Record<string, unknown> {
  const parsed = parsedFile(path.resolve(folder, file));
  if (parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)) {
    return parsed as Record<string, unknown>;
  }
  throw new CommandFailed(`${printable(file)} must contain a JSON object of parameters`);
}

function parsedFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = printable(`${file} cannot be read as JSON: ${reason}`);
    throw new CommandFailed(message, undefined, { cause });
  }
}

/** JSON types of the parameters of a workload. The app itself reports an unknown workload. */
async function typesOf(send: Send, workload: string): Promise<Readonly<Record<string, unknown>>> {
  const found = (await listWorkloads(send)).find(({ name }) => name === workload);
  const properties = found?.parameters['properties'];
  return Object.fromEntries(
    Object.entries(
      (properties ?? {}) as Record<string, { readonly type?: unknown } | undefined>,
    ).map(([name, schema]) => [name, schema?.type]),
  );
}

const CONVERTED: ReadonlySet<unknown> = new Set([
  'number',
  'integer',
  'boolean',
  'array',
  'object',
]);

/** A parameter that is declared as text stays text: `007` is not 7. The app checks all values. */
function valueOf(text: string, type: unknown): unknown {
  if (!CONVERTED.has(type)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
