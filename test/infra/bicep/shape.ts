import { evaluate, type Scope } from './evaluate';
import type { Expression } from './expressions';
import { SUBSCRIPTION } from './functions';
import type { Module, Param, Resource, Template } from './template';
import { plain, type Plain } from '../planned';

/** The declarations of a file, as far as the real compiler and the evaluator of the tests both say it. */
export interface Shape {
  readonly params: Readonly<Record<string, Plain>>;
  /** Sorted, since the compiler writes them in an order of its own. */
  readonly resources: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
}

const BOUNDS = ['minLength', 'maxLength', 'minValue', 'maxValue'] as const;

/** Values of decorators and defaults are literal in `infra/`. */
const literals: Scope = {
  place: { file: '', subscriptionId: SUBSCRIPTION, resourceGroup: '', readJson: () => null },
  find: () => undefined,
  noteRead: () => {},
};

const literal = (expression: Expression): Plain => plain(evaluate(expression, literals));

export function shapeOf({ params, resources, modules, outputs }: Template): Shape {
  return {
    params: Object.fromEntries(params.map((param) => [param.name, paramOf(param)])),
    resources: [
      ...resources
        .filter(({ existing }) => !existing)
        .map((one) => declared(`${one.type}@${one.version}`, one)),
      ...modules.map((one) => declared('module', one)),
    ].sort(),
    outputs: Object.fromEntries(outputs.map(({ name, type }) => [name, type])),
  };
}

function declared(what: string, { value }: Resource | Module): string {
  if (value.kind === 'loop') return `${what}, in a loop`;
  return value.kind === 'when' ? `${what}, on a condition` : what;
}

function paramOf({ type, decorators, fallback }: Param): Plain {
  const [allowed] = decorators['allowed'] ?? [];
  const bounds = BOUNDS.flatMap((name) => {
    const [bound] = decorators[name] ?? [];
    return bound === undefined ? [] : [[name, literal(bound)] as const];
  });
  return {
    type,
    ...(fallback === null ? {} : { defaultValue: literal(fallback) }),
    ...(allowed === undefined ? {} : { allowedValues: literal(allowed) }),
    ...Object.fromEntries(bounds),
  };
}

/** A template of Azure Resource Manager, as the compiler writes it, with resources by symbol. */
export interface ArmTemplate {
  readonly parameters?: Readonly<Record<string, ArmParameter>>;
  readonly resources: Readonly<Record<string, ArmResource>>;
  readonly outputs?: Readonly<Record<string, { readonly type: string }>>;
}

interface ArmParameter {
  readonly type: string;
  readonly items?: { readonly type?: string; readonly $ref?: string };
  readonly metadata?: unknown;
  readonly [field: string]: unknown;
}

interface ArmResource {
  readonly type: string;
  readonly apiVersion: string;
  readonly condition?: string;
  readonly copy?: unknown;
  readonly existing?: boolean;
  readonly properties?: { readonly template?: ArmTemplate };
  readonly dependsOn?: readonly string[];
}

const MODULE = 'Microsoft.Resources/deployments';

export function compiledShapeOf({ parameters = {}, resources, outputs = {} }: ArmTemplate): Shape {
  return {
    params: Object.fromEntries(
      Object.entries(parameters).map(([name, one]) => [name, compiledParamOf(one)]),
    ),
    resources: Object.values(resources)
      .filter(({ existing }) => existing !== true)
      .map(({ type, apiVersion, condition, copy }) => {
        const what = type === MODULE ? 'module' : `${type}@${apiVersion}`;
        if (copy !== undefined) return `${what}, in a loop`;
        return condition === undefined ? what : `${what}, on a condition`;
      })
      .sort(),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, { type }]) => [name, type])),
  };
}

function compiledParamOf({ type, items, metadata: _metadata, ...rest }: ArmParameter): Plain {
  const element = items?.type ?? items?.$ref?.split('/').at(-1);
  return { ...(rest as Readonly<Record<string, Plain>>), type: element ? `${element}[]` : type };
}

/** The templates of the modules, by symbol. */
export function compiledModules({ resources }: ArmTemplate): ReadonlyMap<string, ArmTemplate> {
  return new Map(
    Object.entries(resources).flatMap(([symbol, { properties }]) =>
      properties?.template === undefined ? [] : [[symbol, properties.template] as const],
    ),
  );
}

/** Returns what each part of the deployment waits for, by the paths of a plan, such as `storage/account`. */
export function compiledWaits(
  { resources }: ArmTemplate,
  prefix = '',
): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(resources).flatMap(([symbol, { existing, dependsOn = [], properties }]) => {
      const own = `${prefix}${symbol}`;
      const waits = dependsOn.map((one) => `${prefix}${symbolIn(one)}`).sort();
      const { template } = properties ?? {};
      const inner = template === undefined ? [] : [...compiledWaits(template, `${own}/`)];
      return existing === true ? [] : [[own, waits] as const, ...inner];
    }),
  );
}

/** One element of a loop stands as `[format('zones[{0}]', copyIndex())]`. */
function symbolIn(dependency: string): string {
  return /^\[format\('(\w+)\[/.exec(dependency)?.[1] ?? dependency;
}
