import path from 'node:path';
import { partsOf, type Expression } from './expressions';
import { isFunction, NOT_REPEATABLE } from './functions';
import type { Module, Template } from './template';

/** Mistakes in names: undefined, unused, and where one file and another do not agree. */
export function nameMistakes(
  template: Template,
  templateAt: (file: string) => Template | null,
): string[] {
  const check = new NameCheck(template, templateAt);
  return [...check.run()].map((mistake) => `${template.file}: ${mistake}`);
}

const BUILT_IN_TYPES = new Set([
  'string',
  'int',
  'bool',
  'object',
  'array',
  'null',
  'true',
  'false',
]);

class NameCheck {
  readonly #used = new Set<string>();
  readonly #found: string[] = [];

  constructor(
    readonly template: Template,
    readonly templateAt: (file: string) => Template | null,
  ) {}

  *run(): Generator<string> {
    const { params, vars, resources, modules, outputs, types, imports } = this.template;
    const declared = [...params, ...vars, ...resources, ...modules].map(({ name }) => name);
    const names = new Set(declared);
    const twice = declared.filter((name, index) => declared.indexOf(name) !== index);
    yield* twice.map((name) => `${name} is declared twice`);

    for (const { fallback } of params) if (fallback !== null) this.#visit(fallback, names);
    for (const { value } of [...vars, ...resources, ...modules, ...outputs])
      this.#visit(value, names);
    const typeNames = new Set([...types, ...imports].map(({ name }) => name));
    const typeTexts = [...params, ...outputs].map(({ type }) => type);
    for (const text of [...typeTexts, ...types.map((type) => type.text)])
      this.#visitType(text, typeNames);
    for (const module of modules) this.#visitModule(module);
    for (const { name, from } of imports) this.#visitImport(name, from);

    yield* this.#found;
    const mustBeUsed = [
      ...params,
      ...vars,
      ...resources.filter(({ existing }) => existing),
      ...imports,
    ];
    yield* mustBeUsed
      .filter(({ name }) => !this.#used.has(name))
      .map(({ name, line }) => `line ${line}: ${name} is not used`);
  }

  #visit(expression: Expression, names: ReadonlySet<string>): void {
    const inner = (one: Expression) => this.#visit(one, names);
    switch (expression.kind) {
      case 'value':
        return;
      case 'name':
        if (names.has(expression.name)) this.#used.add(expression.name);
        else this.#found.push(`line ${expression.line}: nothing is called ${expression.name}`);
        return;
      case 'call':
        if (NOT_REPEATABLE.has(expression.name))
          this.#found.push(
            `line ${expression.line}: ${expression.name}() makes every deployment another one`,
          );
        else if (!isFunction(expression.name))
          this.#found.push(
            `line ${expression.line}: the checks do not know the function ${expression.name}`,
          );
        return expression.args.forEach(inner);
      case 'member':
        this.#visitOutput(expression);
        return inner(expression.of);
      case 'lambda':
        return this.#visit(expression.body, new Set([...names, ...expression.names]));
      case 'loop':
        inner(expression.over);
        return this.#visit(expression.body, new Set([...names, ...expression.names]));
      default:
        return partsOf(expression).forEach(inner);
    }
  }

  /** `module.outputs.name` */
  #visitOutput(expression: Extract<Expression, { kind: 'member' }>): void {
    const { of } = expression;
    if (of.kind !== 'member' || of.name !== 'outputs') return;
    const owner = of.of.kind === 'index' ? of.of.of : of.of;
    const module = this.template.modules.find(
      ({ name }) => owner.kind === 'name' && name === owner.name,
    );
    if (module === undefined) return;
    const target = this.#targetOf(module);
    if (target !== null && !target.outputs.some(({ name }) => name === expression.name))
      this.#found.push(`line ${module.line}: ${module.path} has no output ${expression.name}`);
  }

  #visitType(text: string, known: ReadonlySet<string>): void {
    const withoutTexts = text.replaceAll(/'[^']*'/g, '').replaceAll(/[A-Za-z_]\w* :/g, '');
    for (const [name] of withoutTexts.matchAll(/[A-Za-z_]\w*/g)) {
      if (known.has(name)) this.#used.add(name);
      else if (!BUILT_IN_TYPES.has(name)) this.#found.push(`no type is called ${name}`);
    }
  }

  #targetOf(module: Module): Template | null {
    return this.templateAt(path.posix.join(path.posix.dirname(this.template.file), module.path));
  }

  #visitModule(module: Module): void {
    const target = this.#targetOf(module);
    if (target === null) {
      this.#found.push(`line ${module.line}: there is no ${module.path}`);
      return;
    }
    const given = namesGiven(module);
    const missing = target.params.filter(
      ({ name, fallback, type }) =>
        fallback === null && !type.endsWith('?') && !given.includes(name),
    );
    this.#found.push(
      ...missing.map(({ name }) => `line ${module.line}: ${module.path} is not given ${name}`),
      ...given
        .filter((name) => !target.params.some((param) => param.name === name))
        .map((name) => `line ${module.line}: ${module.path} takes no ${name}`),
    );
  }

  #visitImport(name: string, from: string): void {
    const target = this.templateAt(path.posix.join(path.posix.dirname(this.template.file), from));
    if (target === null) this.#found.push(`there is no ${from}`);
    else if (!target.types.some((type) => type.name === name))
      this.#found.push(`${from} has no type ${name}`);
  }
}

function namesGiven({ value }: Module): readonly string[] {
  const body = value.kind === 'when' || value.kind === 'loop' ? value.body : value;
  if (body.kind !== 'object') return [];
  const params = body.entries.find(({ key }) => plain(key) === 'params')?.value;
  return params?.kind === 'object' ? params.entries.map(({ key }) => plain(key)) : [];
}

function plain(key: Expression): string {
  return key.kind === 'text' ? key.parts.filter((part) => typeof part === 'string').join('') : '';
}
