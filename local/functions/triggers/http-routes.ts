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
 * Routes that the real host does not serve (`ScriptHost.ValidateFunction`): a route of the host
 * itself, whatever the prefix, or one that another function has for the same method.
 *
 * Unlike Azure: the app is refused; there the function is left out, and the log says so.
 */
export function checkRoutes(functions: readonly HostedFunction[]): string[] {
  const all = functions.filter(({ triggerType }) => triggerType === 'http');
  return all.flatMap((fn, index) => {
    const route = plain(fn);
    if (/^(admin|runtime)/.test(route))
      return [
        `${fn.name}: the route '${ownRoute(fn)}' is reserved for the host: it starts with admin or runtime.`,
      ];
    const other = all.slice(0, index).find((one) => plain(one) === route && meet(fn, one));
    return other === undefined
      ? []
      : [`${fn.name}: the route '${ownRoute(fn)}' is already that of '${other.name}'.`];
  });
}

function plain(fn: HostedFunction): string {
  return ownRoute(fn).replace(/\/+$/, '').toLowerCase();
}

function meet(one: HostedFunction, other: HostedFunction): boolean {
  const [methods, others] = [methodsOf(one), methodsOf(other)];
  if (methods === undefined || others === undefined) return true;
  return [...methods].some((method) => others.has(method));
}
