/**
 * YAML as azure.yaml and the pipelines write it: mappings, lists, texts on one line or after `|`,
 * and `[lists, like this]`. What is beyond that is refused by its line.
 */
export type Yaml =
  | string
  | number
  | boolean
  | null
  | readonly Yaml[]
  | { readonly [name: string]: Yaml };

export function readYaml(source: string): Yaml {
  const reader = new YamlReader(source.split('\n'));
  const value = reader.node(0);
  reader.end();
  return value;
}

const KEY = /^([A-Za-z_][\w.-]*):(?:\s+(.*))?$/;

class YamlReader {
  #at = 0;
  /** The line that was taken last. */
  #taken = 0;

  constructor(readonly lines: string[]) {
    this.#skip();
  }

  end(): void {
    if (this.#at < this.lines.length) this.#fail('is indented in no known way');
  }

  node(indent: number): Yaml {
    return this.#isItem() ? this.#list(indent) : this.#mapping(indent);
  }

  #mapping(indent: number): Yaml {
    const found: Record<string, Yaml> = {};
    while (this.#indent() === indent && !this.#isItem()) {
      const [, key = '', rest] = KEY.exec(this.#text()) ?? this.#fail('has no key');
      if (key in found) this.#fail(`has ${key} again`);
      this.#next();
      found[key] = this.#value(indent, rest);
    }
    return found;
  }

  #value(indent: number, rest: string | undefined): Yaml {
    if (rest === '|') return this.#block(indent);
    if (rest !== undefined) return this.#scalar(rest);
    const inner = this.#indent();
    const isList = inner === indent && this.#isItem();
    return inner > indent || isList ? this.node(inner) : null;
  }

  #list(indent: number): Yaml {
    const found: Yaml[] = [];
    while (this.#indent() === indent && this.#isItem()) {
      const rest = this.#text().replace(/^-\s+/, '');
      if (KEY.test(rest)) {
        const inner = this.#indent() + this.#text().length - rest.length;
        this.lines[this.#at] = ' '.repeat(inner) + rest;
        found.push(this.#mapping(inner));
      } else {
        this.#next();
        found.push(this.#scalar(rest));
      }
    }
    return found;
  }

  #block(indent: number): string {
    // A comment within is text, so it is not skipped.
    let start = this.#at;
    while (/^\s*#/.test(this.lines[start - 1] ?? '')) start -= 1;
    let end = start;
    while (
      (end < this.lines.length && /^\s*$/.test(this.lines[end] ?? '')) ||
      indentOf(this.lines[end]) > indent
    )
      end += 1;
    const own = this.lines.slice(start, end);
    this.#at = end;
    this.#skip();
    const inner = indentOf(own[0]);
    return `${own
      .map((line) => line.slice(inner))
      .join('\n')
      .trimEnd()}\n`;
  }

  #scalar(text: string): Yaml {
    const quoted = /^'([^']*)'$|^"([^"\\]*)"$/.exec(text);
    if (quoted !== null) return quoted[1] ?? quoted[2] ?? '';
    if (text.startsWith('[') && text.endsWith(']'))
      return text
        .slice(1, -1)
        .split(',')
        .map((item) => this.#scalar(item.trim()));
    if (/^['"[\]{}&*!|>%@`]|: |:$| #/.test(text))
      this.#fail(`cannot be read: ${text}`, this.#taken);
    if (text === 'true' || text === 'false') return text === 'true';
    return /^\d+$/.test(text) ? Number(text) : text;
  }

  #isItem(): boolean {
    return /^-\s/.test(this.#text());
  }

  #text(): string {
    return (this.lines[this.#at] ?? '').trim();
  }

  #indent(): number {
    return this.#at < this.lines.length ? indentOf(this.lines[this.#at]) : -1;
  }

  #next(): void {
    this.#taken = this.#at;
    this.#at += 1;
    this.#skip();
  }

  #skip(): void {
    while (this.#at < this.lines.length && /^\s*(#|$)/.test(this.lines[this.#at] ?? ''))
      this.#at += 1;
  }

  #fail(why: string, at = this.#at): never {
    throw new Error(`line ${at + 1} ${why}`);
  }
}

function indentOf(line = ''): number {
  return line.length - line.trimStart().length;
}
