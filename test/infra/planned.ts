import type { PlannedResource } from './bicep/plan';
import { isObject, Lambda, ResourceValue, textOf, Unknown, type Value } from './bicep/values';
import { planFor, profiles } from './deployment';

/** A plan as the tests compare it: plain data, with ids that can be read. */
export type Plain =
  | string
  | number
  | boolean
  | null
  | readonly Plain[]
  | { readonly [name: string]: Plain };

export type PlainObject = Readonly<Record<string, Plain>>;

export interface Planned {
  readonly path: string;
  readonly type: string;
  readonly version: string;
  readonly name: string;
  readonly id: string;
  readonly scope: string | null;
  readonly body: PlainObject;
  readonly properties: PlainObject;
}

const GROUP = /\/subscriptions\/[\w-]+\/resourceGroups\/[\w.-]+\/providers\//g;
const TOKEN = /a[0-9a-f]{12}(?![0-9a-f])/g;

/** `Microsoft.Batch/batchAccounts/ba*`: the group left out, a star for what makes a name unique. */
export function legible(text: string): string {
  return text.replaceAll(GROUP, '').replaceAll(TOKEN, '*');
}

/** What is known only later stands in braces. */
export function plain(value: Value): Plain {
  if (Array.isArray(value)) return (value as readonly Value[]).map(plain);
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
  const isLeaf =
    value instanceof Unknown || value instanceof ResourceValue || value instanceof Lambda;
  if (isLeaf || !isObject(value)) return legible(textOf(value));
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [legible(name), plain(one)]),
  );
}

function plannedOf({ path, type, version, name, id, scopeId, body }: PlannedResource): Planned {
  return {
    path,
    type,
    version,
    name: legible(name),
    id: legible(id),
    scope: scopeId === null ? null : legible(scopeId),
    body: plain(body) as PlainObject,
    properties: plain(body['properties'] ?? {}) as PlainObject,
  };
}

type Params = Readonly<Record<string, Value>>;

/** The parameters of a profile, some of them others. */
export function profile(name: 'plain' | 'nobody' | 'everything', changes: Params = {}): Params {
  return { ...profiles[name], ...changes };
}

export function plannedFor(
  params: Params,
  planted: Readonly<Record<string, string>> = {},
): Planned[] {
  return planFor(params, planted).resources.map(plannedOf);
}

export function ofType(
  params: Params,
  type: string,
  planted: Readonly<Record<string, string>> = {},
): Planned[] {
  return plannedFor(params, planted).filter((resource) => resource.type === type);
}

/** The only resource of its type. */
export function theOne(params: Params, type: string): Planned {
  const [one, another] = ofType(params, type);
  if (one === undefined || another !== undefined) throw new Error(`there is not one ${type}`);
  return one;
}
