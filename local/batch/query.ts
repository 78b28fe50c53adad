import { parseTimestamp } from './timestamp-text';

/** A property that a list can be filtered by. Batch's own table has the properties of each list. */
export interface QueryField {
  /** As written in the filter; `/` separates nested properties (`executionInfo/startTime`). */
  readonly path: string;
  readonly kind: 'string' | 'number' | 'boolean' | 'date' | 'state';
  readonly operators: readonly Operator[];
}

export type Operator = Comparison | 'startswith';
type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le';

/** An invalid query: the reply is 400 with these three values. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  constructor(
    readonly parameter: '$filter' | '$select',
    readonly value: string,
    readonly reason: string,
  ) {
    super(`${parameter}: ${reason}`);
  }
}

type Entity = Record<string, unknown>;
type Predicate = (entity: Entity) => boolean;

/**
 * Reads a `$filter` once and returns it as a predicate.
 *
 *     filter     = or
 *     or         = and *( "or" and )
 *     and        = term *( "and" term )
 *     term       = "(" or ")" | "startswith" "(" path "," string ")" | path operator literal
 *     operator   = "eq" | "ne" | "gt" | "ge" | "lt" | "le"
 *     literal    = string | number | "true" | "false" | "DateTime" string
 *     string     = "'" *( any character but "'" | "''" ) "'"
 *
 * Names are case-sensitive, values are not. A filter never reads beyond the fields of its list.
 */
export function parseFilter(text: string, fields: readonly QueryField[]): Predicate {
  return new FilterReader(text, fields).read();
}

/** Returns the properties that `$select` names; without one, all. */
export function applySelect<T extends object>(
  entity: T,
  select: string | undefined,
  selectable: readonly string[],
): Partial<T> {
  if (select === undefined) return entity;
  const names = readSelect(select, selectable);
  const kept = Object.entries(entity).filter(([name]) => names.includes(name));
  return Object.fromEntries(kept) as Partial<T>;
}

/** Parses a selection; throws for a property that the list does not have. */
export function readSelect(select: string, selectable: readonly string[]): readonly string[] {
  const names = select.split(',').map((name) => name.trim());
  for (const name of names) {
    if (name === '') throw new QueryError('$select', select, 'a property name is missing');
    if (name.includes('/')) {
      throw new QueryError('$select', select, `nested properties cannot be selected: ${name}`);
    }
    if (!selectable.includes(name)) {
      throw new QueryError('$select', select, `there is no property ${name}`);
    }
  }
  return names;
}

interface Token {
  readonly kind: 'name' | 'string' | 'number' | 'mark' | 'end';
  readonly text: string;
  readonly at: number;
}

const TOKEN =
  /\s*(?:(?<name>[A-Za-z_][\w/]*)|'(?<string>(?:[^']|'')*)'|(?<number>[+-]?\d+(?:\.\d+)?)(?![\w.])|(?<mark>[(),]))/y;

/** Deeper parentheses would exhaust the stack. */
const MAX_DEPTH = 100;

class FilterReader {
  readonly #text: string;
  readonly #fields: ReadonlyMap<string, QueryField>;
  #token: Token;
  #end = 0;
  #depth = 0;

  constructor(text: string, fields: readonly QueryField[]) {
    this.#text = text;
    this.#fields = new Map(fields.map((field) => [field.path, field]));
    this.#token = this.#scan();
  }

  read(): Predicate {
    const test = this.#or();
    if (this.#token.kind !== 'end') throw this.#unexpected('"and", "or" or the end');
    return test;
  }

  #or(): Predicate {
    const terms = [this.#and()];
    while (this.#takeWord('or')) terms.push(this.#and());
    return terms.reduce((left, right) => (entity) => left(entity) || right(entity));
  }

  #and(): Predicate {
    const terms = [this.#term()];
    while (this.#takeWord('and')) terms.push(this.#term());
    return terms.reduce((left, right) => (entity) => left(entity) && right(entity));
  }

  #term(): Predicate {
    if (this.#takeMark('(')) return this.#group();
    const name = this.#take('name', 'a property name');
    if (this.#takeMark('(')) return this.#call(name);
    const field = this.#field(name);
    const operator = this.#take('name', 'an operator');
    if (!isComparison(operator)) throw this.#refuse(`there is no operator ${operator}`);
    if (!field.operators.includes(operator)) {
      throw this.#refuse(`${field.path} does not support ${operator}`);
    }
    return comparing(field, operator, this.#literal(field));
  }

  #group(): Predicate {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw this.#refuse('too many parentheses within one another');
    const test = this.#or();
    this.#expectMark(')');
    this.#depth -= 1;
    return test;
  }

  #call(name: string): Predicate {
    if (name !== 'startswith') throw this.#refuse(`there is no function ${name}`);
    const field = this.#field(this.#take('name', 'a property name'));
    if (!field.operators.includes('startswith')) {
      throw this.#refuse(`${field.path} does not support startswith`);
    }
    this.#expectMark(',');
    const start = this.#take('string', 'a quoted text').toLowerCase();
    this.#expectMark(')');
    const read = reader(field.path);
    return (entity) => {
      const value = read(entity);
      return typeof value === 'string' && value.toLowerCase().startsWith(start);
    };
  }

  #field(name: string): QueryField {
    const field = this.#fields.get(name);
    if (field === undefined) throw this.#refuse(`the list cannot be filtered by ${name}`);
    return field;
  }

  /** A literal of the property's kind, in the form for comparison. */
  #literal(field: QueryField): Comparable {
    switch (field.kind) {
      case 'number':
        return Number(this.#take('number', `a number for ${field.path}`));
      case 'boolean': {
        const word = this.#take('name', `true or false for ${field.path}`).toLowerCase();
        if (word !== 'true' && word !== 'false') throw this.#refuse(`${word} is not true or false`);
        return word === 'true' ? 1 : 0;
      }
      case 'date':
        return this.#date(field);
      default:
        return this.#take('string', `a quoted text for ${field.path}`).toLowerCase();
    }
  }

  #date(field: QueryField): number {
    const wanted = `DateTime'…' for ${field.path}`;
    const word = this.#token;
    if (word.kind !== 'name' || word.text.toLowerCase() !== 'datetime') {
      throw this.#unexpected(wanted);
    }
    this.#advance();
    const text = this.#take('string', wanted);
    const instant = parseTimestamp(text);
    if (instant === undefined) throw this.#refuse(`'${text}' is neither ISO 8601 nor RFC 1123`);
    return instant;
  }

  #take(kind: Token['kind'], wanted: string): string {
    const token = this.#token;
    if (token.kind !== kind) throw this.#unexpected(wanted);
    this.#advance();
    return token.text;
  }

  #takeWord(word: string): boolean {
    if (this.#token.kind !== 'name' || this.#token.text !== word) return false;
    this.#advance();
    return true;
  }

  #takeMark(mark: string): boolean {
    if (this.#token.kind !== 'mark' || this.#token.text !== mark) return false;
    this.#advance();
    return true;
  }

  #expectMark(mark: string): void {
    if (!this.#takeMark(mark)) throw this.#unexpected(`"${mark}"`);
  }

  #advance(): void {
    this.#token = this.#scan();
  }

  #scan(): Token {
    TOKEN.lastIndex = this.#end;
    const match = TOKEN.exec(this.#text);
    if (match === null) {
      const rest = this.#text.slice(this.#end).trimStart();
      const at = this.#text.length - rest.length;
      if (rest === '') return { kind: 'end', text: '', at };
      throw this.#refuse(`cannot read ${JSON.stringify(rest)} at character ${at + 1}`);
    }
    this.#end = TOKEN.lastIndex;
    const { name, string, number, mark } = match.groups ?? {};
    const at = match.index;
    if (name !== undefined) return { kind: 'name', text: name, at };
    if (string !== undefined) return { kind: 'string', text: string.replaceAll("''", "'"), at };
    if (number !== undefined) return { kind: 'number', text: number, at };
    return { kind: 'mark', text: mark ?? '', at };
  }

  #unexpected(wanted: string): QueryError {
    const { kind, text } = this.#token;
    return this.#refuse(`expected ${wanted}, found ${kind === 'end' ? 'the end' : text}`);
  }

  #refuse(reason: string): QueryError {
    return new QueryError('$filter', this.#text, reason);
  }
}

/** The form for comparison: text in lower case, or a number (also for dates and booleans). */
type Comparable = string | number;

const holds: Record<Comparison, (order: number) => boolean> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  gt: (order) => order > 0,
  ge: (order) => order >= 0,
  lt: (order) => order < 0,
  le: (order) => order <= 0,
};

function isComparison(word: string): word is Comparison {
  return Object.hasOwn(holds, word);
}

/**
 * Unconfirmed: the service's result for an entity without the property. Assumed as in OData: a
 * missing value differs from every value and is neither less nor greater than any.
 */
function comparing(field: QueryField, operator: Comparison, literal: Comparable): Predicate {
  const read = reader(field.path);
  const test = holds[operator];
  return (entity) => {
    const value = comparable(read(entity), field.kind);
    if (value === undefined) return operator === 'ne';
    if (value === literal) return test(0);
    return test(value < literal ? -1 : 1);
  };
}

function comparable(value: unknown, kind: QueryField['kind']): Comparable | undefined {
  if (kind === 'date') return instant(value);
  if (typeof value === 'string') return value.toLowerCase();
  if (typeof value === 'boolean') return value ? 1 : 0;
  return typeof value === 'number' ? value : undefined;
}

function instant(value: unknown): number | undefined {
  if (value instanceof Date) return value.getTime();
  return typeof value === 'string' ? parseTimestamp(value) : undefined;
}

/** Reads a nested property; returns undefined if one of its steps is missing. */
function reader(path: string): (entity: Entity) => unknown {
  const steps = path.split('/');
  const [only] = steps;
  if (steps.length === 1 && only !== undefined) return (entity) => entity[only];
  return (entity) => {
    let value: unknown = entity;
    for (const step of steps) {
      if (typeof value !== 'object' || value === null) return undefined;
      value = (value as Entity)[step];
    }
    return value;
  };
}
