import { Reader, type Expression } from './expressions';
import { tokensOf } from './tokens';

/** One Bicep file, as far as the checks need it. What they do not know they refuse by name. */
export interface Template {
  readonly file: string;
  readonly scope: 'subscription' | 'resourceGroup';
  readonly params: readonly Param[];
  readonly vars: readonly Var[];
  readonly resources: readonly Resource[];
  readonly modules: readonly Module[];
  readonly outputs: readonly Output[];
  readonly types: readonly {
    readonly name: string;
    readonly text: string;
    readonly line: number;
  }[];
  readonly imports: readonly {
    readonly name: string;
    readonly from: string;
    readonly line: number;
  }[];
}

interface Declared {
  readonly name: string;
  readonly line: number;
}

export interface Param extends Declared {
  readonly type: string;
  readonly decorators: Readonly<Record<string, readonly Expression[]>>;
  readonly fallback: Expression | null;
}

export interface Var extends Declared {
  readonly value: Expression;
}

export interface Resource extends Declared {
  readonly type: string;
  readonly version: string;
  readonly existing: boolean;
  readonly value: Expression;
}

export interface Module extends Declared {
  readonly path: string;
  readonly value: Expression;
}

export interface Output extends Declared {
  readonly type: string;
  readonly value: Expression;
}

/** @throws Error naming file and line */
export function readTemplate(file: string, source: string): Template {
  try {
    return new TemplateReader(file, new Reader(tokensOf(source))).read();
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${file}, ${words}`, { cause });
  }
}

class TemplateReader {
  #scope: Template['scope'] = 'resourceGroup';
  readonly #params: Param[] = [];
  readonly #vars: Var[] = [];
  readonly #resources: Resource[] = [];
  readonly #modules: Module[] = [];
  readonly #outputs: Output[] = [];
  readonly #types: Template['types'][number][] = [];
  readonly #imports: Template['imports'][number][] = [];
  #decorators: Record<string, readonly Expression[]> = {};

  constructor(
    readonly file: string,
    readonly reader: Reader,
  ) {}

  read(): Template {
    while (this.reader.next !== undefined) this.#statement();
    return {
      file: this.file,
      scope: this.#scope,
      params: this.#params,
      vars: this.#vars,
      resources: this.#resources,
      modules: this.#modules,
      outputs: this.#outputs,
      types: this.#types,
      imports: this.#imports,
    };
  }

  #statement(): void {
    const { reader } = this;
    if (reader.take('@')) return this.#decorator();
    const { line } = reader;
    const keyword = reader.name();
    switch (keyword) {
      case 'targetScope':
        reader.want('=');
        this.#scope = reader.plainText() === 'subscription' ? 'subscription' : 'resourceGroup';
        break;
      case 'import':
        this.#import(line);
        break;
      case 'param':
        this.#param(line);
        break;
      case 'var':
        this.#vars.push({ line, name: this.#named(), value: reader.body() });
        break;
      case 'resource':
        this.#resource(line);
        break;
      case 'module':
        this.#modules.push({
          line,
          name: reader.name(),
          path: reader.plainText(),
          value: this.#value(),
        });
        break;
      case 'output':
        this.#outputs.push({ line, name: reader.name(), type: this.#type(), value: this.#value() });
        break;
      case 'type':
        this.#types.push({ line, name: this.#named(), text: this.#type() });
        break;
      default:
        reader.fail(`the checks do not know the statement "${keyword}"`);
    }
    this.#decorators = {};
  }

  #named(): string {
    const name = this.reader.name();
    this.reader.want('=');
    return name;
  }

  #value(): Expression {
    this.reader.want('=');
    return this.reader.body();
  }

  #decorator(): void {
    const call = this.reader.expression();
    if (call.kind !== 'call') this.reader.fail('a decorator is a call');
    else this.#decorators[call.name] = call.args;
  }

  #import(line: number): void {
    const { reader } = this;
    const names: string[] = [];
    reader.want('{');
    while (!reader.take('}')) {
      names.push(reader.name());
      reader.take(',');
    }
    reader.want('from');
    const from = reader.plainText();
    this.#imports.push(...names.map((name) => ({ name, from, line })));
  }

  #param(line: number): void {
    const name = this.reader.name();
    const decorators = this.#decorators;
    const type = this.#type();
    const fallback = this.reader.is('=') ? this.#value() : null;
    this.#params.push({ line, name, type, decorators, fallback });
  }

  #resource(line: number): void {
    const name = this.reader.name();
    const [type = '', version = ''] = this.reader.plainText().split('@');
    const existing = this.reader.take('existing');
    this.#resources.push({ line, name, type, version, existing, value: this.#value() });
  }

  /** A type goes on while a bracket is open, to the end of its line, or to `=`. */
  #type(): string {
    const words: string[] = [];
    let depth = 0;
    let { line } = this.reader;
    while (this.reader.next !== undefined) {
      if (depth === 0 && (this.reader.is('=') || this.reader.line !== line)) break;
      ({ line } = this.reader);
      const token = this.reader.skip();
      if (token.kind === 'number') words.push(String(token.value));
      else if (token.kind === 'text') words.push(`'${token.parts.map(String).join('')}'`);
      else {
        if ('{[('.includes(token.text)) depth += 1;
        if ('}])'.includes(token.text)) {
          depth -= 1;
          ({ line } = token);
        }
        words.push(token.text);
      }
    }
    return words.join(' ').replaceAll(' [ ]', '[]');
  }
}
