import type { PlannedResource } from './plan';
import { isObject, isOpen, ResourceValue, textOf, Unknown, type Value } from './values';

/** Microsoft's type tables, as scripts/bicep-types.mjs took them. */
export interface TypeTables {
  readonly source: string;
  readonly resources: Readonly<Record<string, { readonly version: string; readonly body: Shape }>>;
  /** By provider and name: `Microsoft.Batch:KeyVaultReference`. */
  readonly objects: Readonly<Record<string, Shape>>;
  /** Types of infra/ that there is no table for. */
  readonly unchecked: readonly string[];
}

interface Shape {
  /** Properties: type, then r (required) and o (read-only), then bounds. */
  readonly p: Readonly<Record<string, readonly [type: string, flags?: string, bounds?: string]>>;
  /** The type of every other property. */
  readonly a?: string;
  /** The property that tells the cases apart, and the cases. */
  readonly d?: string;
  readonly e?: readonly Shape[];
}

/** What a table has against a resource; empty when it has nothing or when there is no table. */
export function mistakesOf(
  resource: Omit<PlannedResource, 'path' | 'parentType'>,
  tables: TypeTables,
): string[] {
  const table = tables.resources[resource.type];
  if (table === undefined) return [];
  const where = `${resource.file} ${resource.symbol}`;
  if (table.version !== resource.version)
    return [`${where}: version ${resource.version}, the table is of ${table.version}`];
  const check = new BodyCheck(tables, resource.type.split('/')[0] ?? '');
  return [...check.object(resource.body, table.body, '')].map((mistake) => `${where}${mistake}`);
}

/** What is read of a resource and is no property of it. */
export function misreadOf(read: Unknown, tables: TypeTables): string[] {
  const table = tables.resources[read.of.type];
  if (table === undefined) return [];
  const provider = read.of.type.split('/')[0] ?? '';
  let shape: Shape | undefined = table.body;
  for (const [index, name] of read.path.entries()) {
    // What only Azure fills in is in the tables one level deep.
    if (shape === undefined) return [];
    const property = propertyOf(shape, name);
    if (property === undefined)
      return [`${read.of.type} has no ${read.path.slice(0, index + 1).join('.')}`];
    shape = tables.objects[`${provider}:${property[0]}`];
  }
  return [];
}

function propertyOf(shape: Shape, name: string): readonly [string, string?, string?] | undefined {
  return shape.p[name] ?? (shape.a === undefined ? undefined : [shape.a]);
}

class BodyCheck {
  constructor(
    readonly tables: TypeTables,
    readonly provider: string,
  ) {}

  *object(value: Readonly<Record<string, Value>>, shape: Shape, at: string): Generator<string> {
    const cases = shape.d === undefined ? [] : [this.#caseOf(value, shape)];
    const shapes = [shape, ...cases.filter((one) => one !== undefined)];
    if (cases.includes(undefined)) {
      yield `${at}.${shape.d ?? ''}: ${textOf(value[shape.d ?? ''] ?? 'nothing')} is no case of it`;
      return;
    }

    for (const [name, one] of Object.entries(value)) {
      const property = shapes
        .map((each) => propertyOf(each, name))
        .find((each) => each !== undefined);
      if (property === undefined) yield `${at}.${name}: there is no such property`;
      else if (property[1]?.includes('o')) yield `${at}.${name}: only Azure sets it`;
      else yield* this.#value(one, property, `${at}.${name}`);
    }
    for (const each of shapes)
      for (const [name, [, flags = '']] of Object.entries(each.p))
        if (flags.includes('r') && !(name in value)) yield `${at}.${name}: missing`;
  }

  #caseOf(value: Readonly<Record<string, Value>>, { d = '', e = [] }: Shape): Shape | undefined {
    return e.find(({ p }) => p[d]?.[0] === value[d]);
  }

  *#value(
    value: Value,
    [type, , bounds = '']: readonly [string, string?, string?],
    at: string,
  ): Generator<string> {
    // Null is how Bicep leaves a property out; what is not known yet has no wrong value.
    if (
      value === null ||
      value instanceof Unknown ||
      value instanceof ResourceValue ||
      type === 'any'
    )
      return;
    if (type.endsWith('[]')) {
      if (!Array.isArray(value)) yield `${at}: must be an array`;
      else
        for (const [index, item] of (value as readonly Value[]).entries())
          yield* this.#value(item, [type.slice(0, -2)], `${at}[${index}]`);
      return;
    }
    const shape = this.tables.objects[`${this.provider}:${type}`];
    if (shape !== undefined) {
      if (isObject(value)) yield* this.object(value, shape, at);
      else yield `${at}: must be an object`;
      return;
    }
    yield* plainMistakes(value, type, bounds, at);
  }
}

function* plainMistakes(value: Value, type: string, bounds: string, at: string): Generator<string> {
  const kinds: Readonly<Record<string, string>> = {
    string: 'string',
    int: 'number',
    bool: 'boolean',
  };
  const kind = kinds[type];
  if (kind !== undefined) {
    if (typeof value !== kind) yield `${at}: ${textOf(value)} is no ${type}`;
    else if (typeof value === 'number') yield* outOfRange(value, bounds, at);
    else if (typeof value === 'string' && !isOpen(value)) yield* outOfBounds(value, bounds, at);
    return;
  }
  if (isObject(value) || Array.isArray(value)) {
    if (type !== 'object') yield `${at}: the table has no ${type}; take the snapshot again`;
    return;
  }
  // "| string" says that Azure may add to the list; what infra/ writes is on it.
  const choices = type.split(' | ').map((choice) => choice.trim());
  const said = textOf(value);
  if (!choices.includes(said) && !isOpen(said))
    yield `${at}: ${said} is none of ${choices.join(', ')}`;
}

function* outOfRange(value: number, bounds: string, at: string): Generator<string> {
  if (!Number.isInteger(value)) yield `${at}: ${value} is no int`;
  if (value < bound(bounds, 'minValue', -Infinity)) yield `${at}: ${value} is too small`;
  if (value > bound(bounds, 'maxValue', Infinity)) yield `${at}: ${value} is too large`;
}

function bound(bounds: string, name: string, none: number): number {
  return Number(new RegExp(`${name}: ([^,]+)`).exec(bounds)?.[1] ?? none);
}

function* outOfBounds(value: string, bounds: string, at: string): Generator<string> {
  if (value.length < bound(bounds, 'minLength', 0)) yield `${at}: "${value}" is too short`;
  if (value.length > bound(bounds, 'maxLength', Infinity)) yield `${at}: "${value}" is too long`;
  const pattern = /pattern: (.+)$/.exec(bounds)?.[1];
  if (pattern !== undefined && !new RegExp(pattern).test(value))
    yield `${at}: "${value}" does not match ${pattern}`;
}
