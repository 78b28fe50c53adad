import type { z } from 'zod';
import type { RegisteredFunction, Registry } from './core';
import { checkRoutes } from './triggers/http-routes';
import { resolveSettings, settingOf, type Environment } from './settings';
import type { Binding } from './wire';
import { formatError } from '../errors';
import type { HostedFunction, TriggerType } from './hosted-function';
import { TRIGGERS } from './hosted-function';

/**
 * The app's functions in the form that the host runs: settings resolved, disabled ones left out.
 */
export interface Catalog {
  readonly functions: readonly HostedFunction[];
  readonly disabled: readonly string[];
  /** Functions with an error of their own, which the real host leaves out as well; with the error. */
  readonly leftOut: readonly string[];
  /** Names are compared without regard to case, as in the real host. */
  find(name: string): HostedFunction | undefined;
  withTrigger(type: TriggerType): readonly HostedFunction[];
}

/** The options of a function's trigger, checked. */
export function optionsOf<T>(fn: HostedFunction, shape: z.ZodType<T>): T {
  const parsed = shape.safeParse(fn.trigger);
  if (parsed.success) return parsed.data;
  const reasons = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(
    `The ${fn.triggerType} trigger of ${fn.name} cannot be used: ${reasons.join('; ')}`,
  );
}

/**
 * Supported bindings other than the trigger, by direction. `orchestrationClient` is the old name.
 */
const BINDINGS: Readonly<Record<string, readonly string[]>> = {
  in: ['durableclient', 'orchestrationclient', 'blob', 'table'],
  out: ['http', 'queue', 'blob', 'table'],
};

/**
 * Indexes the registered functions; throws one error that lists everything that this host does not
 * support. A function that the real host leaves out, while the others run, is left out here too.
 */
export function indexFunctions(
  registry: Registry,
  environment: Environment,
  pretended: readonly string[] = [],
): Catalog {
  const registered = [...registry.functions.values()];
  const enabled = registered.filter(({ name }) => !isDisabled(name, environment));
  const types = pretended.map((type) => type.toLowerCase());
  const leftOut: string[] = [];
  const resolvable = enabled.flatMap((fn) => attempt(() => hosted(fn, environment), leftOut));
  const problems = [...enabled.flatMap((fn) => problemsOf(fn, types)), ...sameNames(enabled)];
  if (problems.length > 0)
    throw new Error(
      `The app cannot be started:\n${problems.map((p) => `  ${p}`).join('\n')}\nTo leave out a function, set AzureWebJobs.<its name>.Disabled=true.`,
    );

  const unroutable = checkRoutes(resolvable);
  leftOut.push(...unroutable.values());
  const functions = resolvable.filter((fn) => !unroutable.has(fn));
  const byName = new Map(functions.map((fn) => [fn.name.toLowerCase(), fn]));
  return {
    functions,
    disabled: registered.filter((fn) => !enabled.includes(fn)).map(({ name }) => name),
    leftOut,
    find: (name) => byName.get(name.toLowerCase()),
    withTrigger: (type) => functions.filter((fn) => fn.triggerType === type),
  };
}

/** The name with underscores is for systems that allow no full stops in names of variables. */
function isDisabled(name: string, environment: Environment): boolean {
  return [`AzureWebJobs.${name}.Disabled`, `AzureWebJobs_${name}_Disabled`].some((setting) =>
    /^(true|1)$/i.test(settingOf(environment, setting) ?? ''),
  );
}

/** The library accepts names that differ only in case; the host treats them as equal. */
function sameNames(functions: readonly RegisteredFunction[]): string[] {
  const names = new Map<string, string>();
  return functions.flatMap(({ name }) => {
    const first = names.get(name.toLowerCase());
    names.set(name.toLowerCase(), first ?? name);
    return first === undefined
      ? []
      : [`'${first}' and '${name}' differ only in case, which the host ignores.`];
  });
}

function problemsOf(fn: RegisteredFunction, pretended: readonly string[]): string[] {
  const problems: string[] = [];
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,127}$/.test(fn.name))
    problems.push(`'${fn.name}' is not a function name: letters, digits, - and _.`);
  for (const [name, { type, direction }] of Object.entries(fn.metadata.bindings)) {
    const known =
      name === fn.triggerName
        ? Object.hasOwn(TRIGGERS, type.toLowerCase())
        : BINDINGS[direction]?.includes(type.toLowerCase()) === true ||
          (direction === 'out' && pretended.includes(type.toLowerCase()));
    if (!known)
      problems.push(
        `${fn.name}: this host has no binding of type '${type}', direction ${direction}.${direction === 'out' ? ` With --pretend ${type} it writes such outputs to a file.` : ''}`,
      );
  }
  return problems;
}

function hosted(fn: RegisteredFunction, environment: Environment): HostedFunction {
  const { [fn.triggerName]: trigger, ...others } = fn.metadata.bindings;
  if (trigger === undefined) throw new Error(`${fn.name} has no trigger.`);
  const resolve = (binding: Binding) => resolved(binding, environment, fn.name);
  return {
    ...fn,
    triggerType: TRIGGERS[trigger.type.toLowerCase() as keyof typeof TRIGGERS],
    trigger: resolve(trigger),
    hasOutputs: Object.values(others).some(
      ({ type, direction }) => direction !== 'in' && type.toLowerCase() !== 'http',
    ),
    bindings: Object.fromEntries(
      Object.entries(others).map(([name, binding]) => [name, resolve(binding)]),
    ),
  };
}

function resolved(binding: Binding, environment: Environment, name: string): Binding {
  const entries = Object.entries(binding).map(([option, value]) => [
    option,
    typeof value === 'string'
      ? resolveSettings(value, environment, `${option} of function ${name}`)
      : value,
  ]);
  return Object.fromEntries(entries) as Binding;
}

export function leftOutLine(error: string): string {
  return `A function is left out, the others run: ${error}`;
}

/** Makes something of one function; an error is noted and leaves only this function out. */
export function attempt<T>(make: () => T, errors: string[]): T[] {
  try {
    return [make()];
  } catch (error) {
    errors.push(formatError(error));
    return [];
  }
}
