import path from 'node:path';
import { evaluate, listIn, type Scope } from './evaluate';
import type { Expression } from './expressions';
import { groupId, type Place } from './functions';
import { waitsFor } from './order';
import type { Module, Output, Param, Resource, Template } from './template';
import { isObject, ResourceValue, textOf, Unknown, type Value } from './values';

/** Everything a deployment with these parameters would make, with every expression worked out. */
export interface Plan {
  readonly resources: readonly PlannedResource[];
  readonly modules: readonly PlannedModule[];
  readonly outputs: Readonly<Record<string, Value>>;
  /** What is read of resources after they were made. */
  readonly reads: readonly Unknown[];
  /** `file symbol` of each declaration that made something. */
  readonly used: ReadonlySet<string>;
  /** What each part of the deployment waits for, by paths such as `storage/account`. */
  readonly waits: ReadonlyMap<string, readonly string[]>;
}

/** A module is a deployment of its own, with a name that Azure keeps. */
export interface PlannedModule {
  readonly path: string;
  readonly name: string;
  readonly resourceGroup: string;
}

export interface PlannedResource {
  readonly path: string;
  readonly file: string;
  readonly symbol: string;
  readonly type: string;
  readonly version: string;
  readonly name: string;
  readonly id: string;
  /** What it extends, for a role assignment or a diagnostic setting. */
  readonly scopeId: string | null;
  readonly parentType: string | null;
  /** As ARM gets it: without parent, scope and dependsOn. */
  readonly body: Readonly<Record<string, Value>>;
}

export interface Sources {
  readonly template: (file: string) => Template;
  readonly json: (file: string) => Value;
}

interface Gathered {
  readonly resources: PlannedResource[];
  readonly modules: PlannedModule[];
  readonly reads: Unknown[];
  readonly used: Set<string>;
  readonly waits: Map<string, readonly string[]>;
}

export function planOf(
  file: string,
  params: Readonly<Record<string, Value>>,
  sources: Sources,
  subscriptionId: string,
): Plan {
  const gathered: Gathered = {
    resources: [],
    modules: [],
    reads: [],
    used: new Set(),
    waits: new Map(),
  };
  const group = { subscriptionId, resourceGroup: '' };
  const template = sources.template(file);
  const outputs = new Deployment('', template, params, sources, group, gathered).run();
  return { ...gathered, outputs };
}

type Group = Pick<Place, 'subscriptionId' | 'resourceGroup'>;

class Deployment {
  readonly #values = new Map<string, Value>();
  readonly #scope: Scope;
  readonly #place: Place;

  constructor(
    /** Of the paths within: empty, or the module's own path and a slash. */
    readonly prefix: string,
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
      return Object.fromEntries(outputs.map((output) => [output.name, this.#output(output)]));
    });
  }

  #output({ name, type, value }: Output): Value {
    const given = evaluate(value, this.#scope);
    const mistake = mistypedAs(type, given);
    if (mistake !== null) throw new Error(`output ${name}: ${mistake}`);
    return given;
  }

  #noteWaits({ name, value }: Resource | Module): void {
    const waits = waitsFor(this.template, value).map((one) => `${this.prefix}${one}`);
    this.gathered.waits.set(`${this.prefix}${name}`, waits);
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
    this.#noteWaits(resource);
    const { parent, scope, dependsOn: _dependsOn, ...rest } = body;
    this.gathered.resources.push({
      path: `${this.prefix}${resource.name}`,
      file,
      symbol: resource.name,
      type: resource.type,
      version: resource.version,
      name: value.name,
      id: value.id,
      scopeId: scope instanceof ResourceValue ? scope.id : null,
      parentType: parent instanceof ResourceValue ? parent.type : null,
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
    const own = `${this.prefix}${module.name}`;
    const name = textOf(body['name'] ?? '');
    this.#noteWaits(module);
    this.gathered.modules.push({ path: own, name, resourceGroup: group.resourceGroup });
    const outputs = new Deployment(
      `${own}/`,
      this.sources.template(file),
      params,
      this.sources,
      group,
      this.gathered,
    ).run();
    return { name, outputs };
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
  return mistypedAs(type, value);
}

/** What is known only later is taken for what it is declared as. */
function mistypedAs(type: string, value: Value): string | null {
  if (value instanceof Unknown || value instanceof ResourceValue) return null;
  const expected = { string: 'string', int: 'number', bool: 'boolean', object: 'object' }[type];
  const isRight = expected === 'object' ? isObject(value) : typeof value === expected;
  return expected === undefined || isRight ? null : `${textOf(value)} is no ${type}`;
}
