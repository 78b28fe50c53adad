import { formatError } from '../../errors';
import { parseRoute, type Route } from './route';
import type { HostedFunction } from '../hosted-function';

/** The routes of the app's HTTP functions. */
export interface HttpRoutes {
  find(method: string, path: string): FoundRoute | undefined;
  /** One line for each function: methods and path. */
  readonly descriptions: readonly string[];
}

export interface FoundRoute {
  readonly fn: HostedFunction;
  readonly params: Readonly<Record<string, string>>;
}

interface Entry {
  readonly fn: HostedFunction;
  readonly route: Route;
  readonly template: string;
  /** Undefined for all of them. */
  readonly methods: ReadonlySet<string> | undefined;
}

/**
 * Of several functions whose routes match a call, the first by name handles it, even if another one
 * matches more closely: https://github.com/Azure/azure-functions-host/issues/3153, and
 * `FunctionMetadataManager`, which sorts them.
 */
export function httpRoutes(functions: readonly HostedFunction[], routePrefix: string): HttpRoutes {
  const entries: readonly Entry[] = functions
    .map((fn) => entryOf(fn, routePrefix))
    .sort((one, other) => byName(one.fn.name.toUpperCase(), other.fn.name.toUpperCase()));

  return {
    descriptions: entries.map(
      ({ fn, methods = ['all'], template }) =>
        `${fn.name}: [${[...methods].join(',')}] ${template}`,
    ),
    find(method, path) {
      for (const { fn, route, methods } of entries) {
        const params = methods?.has(method) === false ? undefined : route.match(path);
        if (params !== undefined) return { fn, params };
      }
      return undefined;
    },
  };
}

function byName(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

function entryOf(fn: HostedFunction, routePrefix: string): Entry {
  const template = `/${[routePrefix, ownRoute(fn)].filter((part) => part !== '').join('/')}`;
  return { fn, template, route: parseRoute(template), methods: methodsOf(fn) };
}

/**
 * Without a route, or with an empty one, the name of the function is its route; the prefix alone is
 * not possible.
 */
function ownRoute(fn: HostedFunction): string {
  const { route } = fn.trigger as { readonly route?: string };
  return (route || fn.name).replace(/^\/+/, '');
}

function methodsOf(fn: HostedFunction): ReadonlySet<string> | undefined {
  const { methods = [] } = fn.trigger as { readonly methods?: readonly string[] };
  return methods.length === 0 ? undefined : new Set(methods.map((method) => method.toUpperCase()));
}

/**
 * Functions that the real host leaves out for their routes, each with the reason
 * (`ScriptHost.ValidateFunction`): a route of the host itself, whatever the prefix, one that an
 * earlier function has for the same method, or one that cannot be read.
 */
export function checkRoutes(
  functions: readonly HostedFunction[],
): ReadonlyMap<HostedFunction, string> {
  const faults = new Map<HostedFunction, string>();
  const served: HostedFunction[] = [];
  for (const fn of functions.filter(({ triggerType }) => triggerType === 'http')) {
    const fault = routeFault(fn, served);
    if (fault === undefined) served.push(fn);
    else faults.set(fn, `${fn.name}: ${fault}`);
  }
  return faults;
}

function routeFault(fn: HostedFunction, served: readonly HostedFunction[]): string | undefined {
  const route = plain(fn);
  if (/^(admin|runtime)/.test(route))
    return `the route '${ownRoute(fn)}' is reserved for the host: it starts with admin or runtime.`;
  const other = served.find((one) => plain(one) === route && meet(fn, one));
  if (other !== undefined) return `the route '${ownRoute(fn)}' is already that of '${other.name}'.`;
  try {
    parseRoute(ownRoute(fn));
    return undefined;
  } catch (error) {
    return formatError(error);
  }
}

function plain(fn: HostedFunction): string {
  return ownRoute(fn).replace(/\/+$/, '').toLowerCase();
}

function meet(one: HostedFunction, other: HostedFunction): boolean {
  const [methods, others] = [methodsOf(one), methodsOf(other)];
  if (methods === undefined || others === undefined) return true;
  return [...methods].some((method) => others.has(method));
}
