import type { z } from 'zod';
import { suggestedField } from './issue-message';
import { validate, type FieldError } from './validation';

/**
 * A value of which some fields may be invalid. Checks between fields read it like any other value;
 * a check that reads an invalid field ends there, since its result would only follow from that error.
 */
export interface PartlyValid<Value> {
  readonly value: Value;
  readonly errors: readonly FieldError[];
}

/**
 * Parses a value, with its defaults, as far as it is valid; null when not even its type is right.
 */
export function parsePartly<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
): PartlyValid<z.output<Schema> | null> {
  let parsed: unknown = null;
  const invalid = new Set<string>();
  // `when` sees the value after its fields were parsed, whether they were valid or not.
  const observed = schema.refine(() => true, {
    when: ({ value, issues }) => {
      parsed = value;
      for (const path of issues.flatMap(invalidPaths)) invalid.add(keyOf(path));
      return false;
    },
  });
  const validated = validate(observed, input);
  if (validated.isValid) return { value: validated.value, errors: [] };
  const { errors } = validated;
  if (invalid.has(keyOf([]))) return { value: null, errors };
  return { value: guarded(parsed, [], invalid) as z.output<Schema>, errors };
}

/** Runs a check as far as it reads valid fields only. */
export function* whereValid(check: () => Iterable<FieldError>): Generator<FieldError> {
  try {
    yield* check();
  } catch (error) {
    if (!(error instanceof InvalidFieldRead)) throw error;
  }
}

/** True when a field was given, even if its value is invalid. */
export function isGiven<Value extends object>(of: Value, field: keyof Value): boolean {
  return Object.getOwnPropertyDescriptor(of, field)?.value !== undefined;
}

class InvalidFieldRead extends Error {}

/** The fields that an issue makes unreadable. */
function invalidPaths(issue: z.core.$ZodRawIssue): readonly (readonly PropertyKey[])[] {
  const path = issue.path ?? [];
  if (issue.code === 'unrecognized_keys') {
    // A misspelt field was meant to be set: its default would be misleading.
    const given = issue.input ?? {};
    const meant = issue.keys.map((key) => suggestedField(issue, key));
    return meant.flatMap((name) => (name === null || name in given ? [] : [[...path, name]]));
  }
  // No branch of a union was selected, so nothing of the object was parsed.
  if (issue.code === 'invalid_union' && Array.isArray(issue.options)) return [path.slice(0, -1)];
  // The entry of an invalid name is left out, so the names of the others are not all.
  if (issue.code === 'invalid_key') return [path.slice(0, -1)];
  return [path];
}

function keyOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

/** A view of the value in which reading an invalid field throws. */
function guarded(
  value: unknown,
  at: readonly PropertyKey[],
  invalid: ReadonlySet<string>,
): unknown {
  if (!isPlain(value)) return value;
  return new Proxy(value, {
    get(target, key) {
      const field: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol') return field;
      const path = [...at, key];
      if (invalid.has(keyOf(path))) throw new InvalidFieldRead(keyOf(path));
      return guarded(field, path, invalid);
    },
  });
}

/** Lists and objects without a class: a regular expression or a schema is one value. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
