import type { z } from 'zod';
import { Failure } from '../failure';
import { issueMessage } from './issue-message';

/** A validation error: the field that is wrong, and what it must be. */
export interface FieldError {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export type Validated<Value> =
  | { readonly isValid: true; readonly value: Value }
  | { readonly isValid: false; readonly errors: readonly [FieldError, ...FieldError[]] };

/** Parses a value. Every validation error is returned at once, in the words of this app. */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): Validated<z.output<Schema>> {
  const parsed = schema.safeParse(value, { error: issueMessage });
  if (parsed.success) return { isValid: true, value: parsed.data };
  const [first, ...others] = parsed.error.issues.flatMap(errorsOf);
  if (first === undefined) throw new Error('a value is not valid, and no issue says why');
  return { isValid: false, errors: [first, ...others] };
}

/** The validation errors of an issue: those of the best matching branch where it is of a union. */
function errorsOf(issue: z.core.$ZodIssue): readonly FieldError[] {
  if (issue.code === 'invalid_union') {
    const nested = bestBranch(issue.errors)?.flatMap(errorsOf);
    if (nested !== undefined) {
      return nested.map(({ path, message }) => ({ path: [...issue.path, ...path], message }));
    }
  }
  // The reason that a key is invalid stands one level down.
  const reason = issue.code === 'invalid_key' ? issue.issues[0] : undefined;
  return [{ path: issue.path, message: (reason ?? issue).message }];
}

/** The branch with the fewest issues; undefined when the value has the type of none. */
function bestBranch(
  branches: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | undefined {
  const close = branches.filter((issues) => issues.length > 0 && !issues.some(isOfWholeValue));
  return close.toSorted((one, other) => issueCount(one) - issueCount(other))[0];
}

function isOfWholeValue({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

function issueCount(issues: readonly z.core.$ZodIssue[]): number {
  return issues.reduce(
    (sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1),
    0,
  );
}

/** A path such as `work.task.outputs[0].to`; the empty path is the whole. */
export function formatPath(path: readonly PropertyKey[], whole: string): string {
  const text = path.reduce<string>(
    (field, key) => (typeof key === 'number' ? `${field}[${key}]` : `${field}.${String(key)}`),
    '',
  );
  return text.replace(/^\./, '') || whole;
}

/** A request with validation errors. The problem document lists them under `errors`. */
export class ValidationError extends Failure {
  constructor(readonly errors: readonly { readonly field: string; readonly message: string }[]) {
    super(
      'badRequest',
      `the request has validation errors: ${errors.map(({ field, message }) => `${field}: ${message}`).join('; ')}`,
    );
  }
}

/** The errors of a part of a request; `within` is the path of that part. */
export function validationErrorFrom(
  errors: readonly FieldError[],
  within: readonly string[] = [],
): ValidationError {
  return new ValidationError(
    errors.map(({ path, message }) => ({
      field: formatPath([...within, ...path], 'body'),
      message,
    })),
  );
}
