import path from 'node:path';
import { evaluate, listIn, type Scope } from './evaluate';
import type { Expression } from './expressions';
import { groupId, type Place } from './functions';
import type { Module, Param, Resource, Template } from './template';
import { isObject, ResourceValue, textOf, type Unknown, type Value } from './values';

/** Everything a deployment with these parameters would make, with every expression worked out. */
export interface Plan {
  readonly resources: readonly PlannedResource[];
  readonly outputs: Readonly<Record<string, Value>>;
  /** What is read of resources after they were made. */
  readonly reads: readonly Unknown[];
  /** `file symbol` of each declaration that made something. */
  readonly used: ReadonlySet<string>;
}

export interface PlannedResource {
  readonly file: string;
  readonly symbol: string;
  readonly type: string;
  readonly version: string;
  readonly name: string;
  readonly id: string;
  /** What it extends, for a role assignment or a diagnostic setting. */
  readonly scopeId: string | null;
  /** As ARM gets it: without parent, scope and dependsOn. */
  readonly body: Readonly<Record<string, Value>>;
}

export interface Sources {
  readonly template: (file: string) => Template;
  readonly json: (file: string) => Value;
}

interface Gathered {
  readonly resources: PlannedResource[];
  readonly reads: Unknown[];
  readonly used: Set<string>;
}

export function planOf(
  file: string,
  params: Readonly<Record<string, Value>>,
  sources: Sources,
  subscriptionId: string,
): Plan {
  const gathered: Gathered = { resources: [], reads: [], used: new Set() };
  const group = { subscriptionId, resourceGroup: '' };
  const outputs = new Deployment(sources.template(file), params, sources, group, gathered).run();
  return { ...gathered, outputs };
}

type Group = Pick<Place, 'subscriptionId' | 'resourceGroup'>;

class Deployment {
  readonly #values = new Map<string, Value>();
  readonly #scope: Scope;
  readonly #place: Place;

  constructor(
    readonly template: Template,
    readonly given: Readonly<Record<string, Value>>,
    readonly sources: Sources,
    readonly group: Group,
    readonly gathered: Gathered,
  ) {
    const folder = path.posix.dirname(template.file);
    this.#place = {
      ...group,
      file: template.file,
      readJson: (file) => sources.json(path.posix.join(folder, file)),
    };
    this.#scope = {
      place: this.#place,
      find: (name) => this.#find(name),
      noteRead: (read) => gathered.reads.push(read),
    };
  }

  run(): Readonly<Record<string, Value>> {
    const { params, vars, resources, modules, outputs, file } = this.template;
    return this.#saying(file, () => {
      for (const { name } of [...params, ...vars, ...resources, ...modules]) this.#find(name);
      return Object.fromEntries(
        outputs.map(({ name, value }) => [name, evaluate(value, this.#scope)]),
      );
    });
  }

  /** Declarations refer to each other in any order. */
  #find(name: string): Value | undefined {
    const known = this.#values.get(name);
    if (known !== undefined) return known;
    const value = this.#workOut(name);
    if (value !== undefined) this.#values.set(name, value);
    return value;
  }

  #workOut(name: string): Value | undefined {
    const { params, vars, resources, modules } = this.template;
    const named = <One extends { name: string }>(list: readonly One[]) =>
      list.find((one) => one.name === name);
    const param = named(params);
    if (param !== undefined) return this.#param(param);
    const variable = named(vars);
    if (variable !== undefined) return evaluate(variable.value, this.#scope);
    const resource = named(resources);
    if (resource !== undefined) return this.#resource(resource);
    const module = named(modules);
    return module === undefined ? undefined : this.#module(module);
  }

  #param(param: Param): Value {
    const given = this.given[param.name];
    if (given === undefined && param.fallback === null)
      throw new Error(`line ${param.line}: parameter ${param.name} has no value`);
    const value = given ?? evaluate(param.fallback as Expression, this.#scope);
    const mistake = refusedBy(param, value, this.#scope);
    if (mistake !== null) throw new Error(`parameter ${param.name}: ${mistake}`);
    return value;
  }

  #resource(resource: Resource): Value {
    const one = (body: Value): Value => {
      if (!isObject(body))
        return new ResourceValue(resource.type, '', `{${resource.name} is not deployed}`, {});
      return this.#declare(resource, body);
    };
    const { value } = resource;
    if (value.kind === 'loop') return listIn(evaluate(value, this.#scope)).map(one);
    // One that is not deployed has a name and an id all the same.
    if (value.kind === 'when' && evaluate(value.condition, this.#scope) !== true) {
      const body = evaluate(value.body, this.#scope);
      return isObject(body) ? this.#asValue(resource, body) : one(null);
    }
    return one(evaluate(value, this.#scope));
  }

  #asValue(resource: Resource, body: Readonly<Record<string, Value>>): ResourceValue {
    const { parent, scope, ...rest } = body;
    const name = textOf(body['name'] ?? '');
    return new ResourceValue(resource.type, name, this.#idOf(resource, name, parent, scope), rest);
  }

  #declare(resource: Resource, body: Readonly<Record<string, Value>>): ResourceValue {
    const value = this.#asValue(resource, body);
    const { file } = this.template;
    this.gathered.used.add(`${file} ${resource.name}`);
    if (resource.existing) return value;
    const { parent: _parent, scope, dependsOn: _dependsOn, ...rest } = body;
    this.gathered.resources.push({
      file,
      symbol: resource.name,
      type: resource.type,
      version: resource.version,
      name: value.name,
      id: value.id,
      scopeId: scope instanceof ResourceValue ? scope.id : null,
      body: rest,
    });
    return value;
  }

  #idOf(resource: Resource, name: string, parent?: Value, scope?: Value): string {
    const { type } = resource;
    if (parent instanceof ResourceValue)
      return `${parent.id}/${type.split('/').at(-1) ?? ''}/${name}`;
    if (scope instanceof ResourceValue) return `${scope.id}/providers/${type}/${name}`;
    const base =
      this.template.scope === 'subscription'
        ? `/subscriptions/${this.group.subscriptionId}`
        : groupId(this.#place);
    return type === 'Microsoft.Resources/resourceGroups'
      ? `${base}/resourceGroups/${name}`
      : `${base}/providers/${type}/${name}`;
  }

  #module(module: Module): Value {
    const body = evaluate(module.value, this.#scope);
    // Reading its outputs is an error, as it is in Azure.
    if (!isObject(body)) return { notDeployed: module.name };
    this.gathered.used.add(`${this.template.file} ${module.name}`);
    const file = path.posix.join(path.posix.dirname(this.template.file), module.path);
    const params = (body['params'] ?? {}) as Readonly<Record<string, Value>>;
    const { scope } = body;
    const group =
      scope instanceof ResourceValue ? { ...this.group, resourceGroup: scope.name } : this.group;
    const outputs = new Deployment(
      this.sources.template(file),
      params,
      this.sources,
      group,
      this.gathered,
    ).run();
    return { name: body['name'] ?? '', outputs };
  }

  #saying<Result>(file: string, action: () => Result): Result {
    try {
      return action();
    } catch (cause) {
      const words = cause instanceof Error ? cause.message : String(cause);
      throw new Error(words.startsWith('infra/') ? words : `${file}: ${words}`, { cause });
    }
  }
}

/** What a parameter's decorators say against a value, or null. */
function refusedBy({ decorators, type }: Param, value: Value, scope: Scope): string | null {
  const first = (name: string): Value | undefined => {
    const [argument] = decorators[name] ?? [];
    return argument === undefined ? undefined : evaluate(argument, scope);
  };
  const allowed = first('allowed');
  if (Array.isArray(allowed) && !(allowed as readonly Value[]).includes(value))
    return `${textOf(value)} is none of ${(allowed as readonly Value[]).map(textOf).join(', ')}`;
  const size = typeof value === 'string' || Array.isArray(value) ? value.length : null;
  if (size !== null && size < Number(first('minLength') ?? 0))
    return `${textOf(value)} is too short`;
  if (size !== null && size > Number(first('maxLength') ?? Infinity))
    return `${textOf(value)} is too long`;
  if (typeof value === 'number' && value < Number(first('minValue') ?? -Infinity))
    return `${value} is too small`;
  if (typeof value === 'number' && value > Number(first('maxValue') ?? Infinity))
    return `${value} is too large`;
  const expected = { string: 'string', int: 'number', bool: 'boolean' }[type];
  const isPlain = value === null || ['string', 'number', 'boolean'].includes(typeof value);
  return expected !== undefined && isPlain && typeof value !== expected
    ? `${textOf(value)} is no ${type}`
    : null;
}
