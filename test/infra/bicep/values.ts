/** What an expression comes to. */
export type Value =
  | string
  | number
  | boolean
  | null
  | readonly Value[]
  | { readonly [name: string]: Value }
  | Unknown
  | ResourceValue
  | Lambda;

/** Known only after deployment: a property that Azure fills in. */
export class Unknown {
  constructor(
    readonly of: ResourceValue,
    readonly path: readonly string[],
  ) {}
}

/** A resource, in an expression that refers to it. */
export class ResourceValue {
  constructor(
    readonly type: string,
    readonly name: string,
    readonly id: string,
    readonly body: Readonly<Record<string, Value>>,
  ) {}
}

export class Lambda {
  constructor(readonly call: (...args: readonly Value[]) => Value) {}
}

export function isObject(value: Value | undefined): value is { readonly [name: string]: Value } {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Unknown) &&
    !(value instanceof ResourceValue) &&
    !(value instanceof Lambda)
  );
}

/** As text. What is known only later stands in braces, so that checks see it. */
export function textOf(value: Value): string {
  if (value instanceof Unknown) return `{${value.of.id}.${value.path.join('.')}}`;
  if (value instanceof ResourceValue) return `{${value.id}}`;
  if (value instanceof Lambda) return '{lambda}';
  if (typeof value === 'string') return value;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Whether a text holds something known only after deployment. */
export function isOpen(text: string): boolean {
  return text.includes('{/');
}
