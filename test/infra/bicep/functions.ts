import { createHash } from 'node:crypto';
import { isObject, Lambda, ResourceValue, textOf, Unknown, type Value } from './values';

/** The functions of Bicep that infra/ uses. One that is not here is refused by name. */
type Builtin = (args: readonly Value[], where: Place) => Value;

/** Where an expression stands, for what depends on it. */
export interface Place {
  readonly file: string;
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly readJson: (file: string) => Value;
}

export const SUBSCRIPTION = '00000000-0000-4000-8000-000000000000';
export const TENANT = '11111111-1111-4111-8111-111111111111';

const functions: Readonly<Record<string, Builtin>> = {
  concat: (args) => args.flatMap((arg) => listOf(arg)),
  union: (args) =>
    args.every((arg) => Array.isArray(arg))
      ? distinct(args.flatMap((arg) => listOf(arg)))
      : Object.assign({}, ...args.map((arg) => recordOf(arg))),
  // What is known only after deployment is there and says something.
  empty: ([value = null]) =>
    value instanceof Unknown || value instanceof ResourceValue
      ? false
      : value === null ||
        value === '' ||
        (Array.isArray(value)
          ? value.length === 0
          : isObject(value) && Object.keys(value).length === 0),
  length: ([value = null]) => (typeof value === 'string' ? value.length : listOf(value).length),
  toLower: ([value = null]) => textOf(value).toLowerCase(),
  string: ([value = null]) => textOf(value),
  items: ([value = null]) =>
    Object.entries(recordOf(value))
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([key, one]) => ({ key, value: one })),
  map: ([list = null, fn = null]) => listOf(list).map((item, index) => lambda(fn)(item, index)),
  filter: ([list = null, fn = null]) =>
    listOf(list).filter((item, index) => lambda(fn)(item, index) === true),
  toObject: ([list = null, key = null, value]) =>
    Object.fromEntries(
      listOf(list).map((item) => [
        textOf(lambda(key)(item)),
        value === undefined ? item : lambda(value)(item),
      ]),
    ),
  // Thirteen characters, as in Azure; which ones nobody may depend on.
  uniqueString: (args) =>
    hashOf(args)
      .replaceAll(/[^a-z0-9]/g, '')
      .slice(0, 13),
  guid: (args) => {
    const hex = createHash('sha256').update(args.map(textOf).join('|')).digest('hex');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  },
  subscription: (_, { subscriptionId }) => ({
    id: `/subscriptions/${subscriptionId}`,
    subscriptionId,
    tenantId: TENANT,
  }),
  resourceGroup: (_, where) => ({ id: groupId(where), name: where.resourceGroup }),
  environment: () => ({
    suffixes: { storage: 'core.windows.net', keyvaultDns: '.vault.azure.net' },
  }),
  subscriptionResourceId: ([type = null, name = null], { subscriptionId }) =>
    `/subscriptions/${subscriptionId}/providers/${textOf(type)}/${textOf(name)}`,
  resourceId: ([type = null, name = null], where) =>
    `${groupId(where)}/providers/${textOf(type)}/${textOf(name)}`,
  loadJsonContent: ([file = null], { readJson }) => readJson(textOf(file)),
};

/** Functions whose answer differs from one deployment to the next. */
export const NOT_REPEATABLE: ReadonlySet<string> = new Set([
  'utcNow',
  'newGuid',
  'deployer',
  'deployment',
]);

export function isFunction(name: string): boolean {
  return Object.hasOwn(functions, name);
}

export function callFunction(name: string, args: readonly Value[], where: Place): Value {
  const builtin = functions[name];
  if (builtin === undefined) throw new Error(`the checks do not know the function ${name}`);
  return builtin(args, where);
}

export function groupId({ subscriptionId, resourceGroup }: Place): string {
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`;
}

function hashOf(args: readonly Value[]): string {
  // A letter first: names made from it must start with one.
  return `a${createHash('sha256').update(args.map(textOf).join('|')).digest('hex')}`;
}

function listOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value as readonly Value[];
  throw new Error(`${textOf(value)} is no array`);
}

function recordOf(value: Value): Readonly<Record<string, Value>> {
  if (isObject(value)) return value;
  throw new Error(`${textOf(value)} is no object`);
}

function lambda(value: Value): (...args: readonly Value[]) => Value {
  if (value instanceof Lambda) return value.call;
  throw new Error('a lambda is missing');
}

function distinct(values: readonly Value[]): Value[] {
  const seen = new Map(values.map((value) => [JSON.stringify(value), value]));
  return [...seen.values()];
}
