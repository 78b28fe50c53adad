/** A field of the form that starts a run, made from the JSON Schema of a parameter. */
export interface ParameterField {
  readonly name: string;
  readonly kind: 'text' | 'number' | 'choice' | 'switch' | 'json';
  readonly isRequired: boolean;
  readonly choices: readonly string[];
  readonly description: string;
  /** The value that the app fills in; empty without one. */
  readonly fallback: string;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly isInteger: boolean;
}

interface Property {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
}

interface Schema {
  readonly properties?: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
}

export function fieldsOf(schema: unknown): readonly ParameterField[] {
  const { properties = {}, required = [] } = schema as Schema;
  return Object.entries(properties).map(([name, property]) => ({
    name,
    kind: kindOf(property),
    isRequired: required.includes(name) && property.default === undefined,
    choices: (property.enum ?? []).map(textOf),
    description: property.description ?? '',
    fallback: property.default === undefined ? '' : textOf(property.default),
    minimum: bound(property.minimum),
    maximum: bound(property.maximum),
    isInteger: property.type === 'integer',
  }));
}

function kindOf({ type, enum: choices }: Property): ParameterField['kind'] {
  if (choices !== undefined) return 'choice';
  if (type === 'integer' || type === 'number') return 'number';
  if (type === 'boolean') return 'switch';
  return type === 'string' ? 'text' : 'json';
}

/** The bounds of safe integers are no bounds that somebody declared. */
function bound(value: number | undefined): number | null {
  return value === undefined || Math.abs(value) >= Number.MAX_SAFE_INTEGER ? null : value;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export type Entered = Readonly<Record<string, string>>;

export interface Parameters {
  readonly values: Readonly<Record<string, unknown>>;
  /** Messages by field, for what the browser can tell without the app. */
  readonly errors: Readonly<Record<string, string>>;
}

/** The parameters of a request. A field that is left empty is left out, so that its default holds. */
export function parametersOf(fields: readonly ParameterField[], entered: Entered): Parameters {
  const values: Record<string, unknown> = {};
  const errors: Record<string, string> = {};
  for (const field of fields) {
    const text = entered[field.name] ?? '';
    if (text === '') {
      if (field.isRequired) errors[field.name] = 'is required';
      continue;
    }
    const value = valueOf(field, text);
    if (value === undefined) errors[field.name] = MESSAGES[field.kind];
    else values[field.name] = value;
  }
  return { values, errors };
}

const MESSAGES: Readonly<Record<ParameterField['kind'], string>> = {
  number: 'must be a number',
  json: 'must be JSON',
  text: '',
  choice: 'must be one of the choices',
  switch: 'must be true or false',
};

function valueOf({ kind }: ParameterField, text: string): unknown {
  if (kind === 'text') return text;
  if (kind === 'number') {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const parsed = parsedOr(text);
  // Choices may be texts or other values.
  return kind === 'choice' && (parsed === undefined || typeof parsed === 'object') ? text : parsed;
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
