import { z } from 'zod';
import { Failure } from '../failure';

/** The message of a key that is refused stands one level down. */
export function formatIssue(issue: z.core.$ZodIssue): string {
  const inner = issue.code === 'invalid_key' ? issue.issues[0] : undefined;
  return (inner ?? issue).message;
}

/** A path such as `work.task.outputs[0].to`; the empty path is the whole. */
export function formatPath(path: readonly PropertyKey[], whole: string): string {
  const text = path.reduce<string>(
    (field, key) => (typeof key === 'number' ? `${field}[${key}]` : `${field}.${String(key)}`),
    '',
  );
  return text.replace(/^\./, '') || whole;
}

/** Two fields, each fine alone, that do not go together. */
export interface FieldError {
  readonly path: (string | number)[];
  readonly message: string;
}

export class ValidationError extends Failure {
  constructor(readonly errors: readonly { readonly field: string; readonly message: string }[]) {
    super(
      'badRequest',
      `the request has mistakes: ${errors.map(({ field, message }) => `${field}: ${message}`).join('; ')}`,
    );
  }
}

export function validationErrorFrom(
  issues: readonly z.core.$ZodIssue[],
  within: readonly string[] = [],
): ValidationError {
  return new ValidationError(
    issues.map((issue) => ({
      field: formatPath([...within, ...issue.path], 'body'),
      message: formatIssue(issue),
    })),
  );
}
