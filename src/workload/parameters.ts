import { validate, ValidationError, validationErrorFrom } from './validation';
import type { Workload } from './workload';

/** A row of the ledger holds them, beside what else is known of the run. */
const MAX_PARAMETERS_CHARACTERS = 16_000;

/**
 * A run's parameters as text, with the defaults of the workload.
 * @throws ValidationError when a parameter is not as declared, or all are too large together
 */
export function parametersOf(
  workload: Workload,
  given: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const validated = validate(workload.parameters, given);
  if (!validated.isValid) throw validationErrorFrom(validated.errors, ['parameters']);
  const defined = Object.entries(validated.value).filter(([, value]) => value !== undefined);
  const texts = Object.fromEntries(defined.map(([name, value]) => [name, String(value)]));
  const characters = JSON.stringify(texts).length;
  if (characters <= MAX_PARAMETERS_CHARACTERS) return texts;
  const message = `must have at most ${MAX_PARAMETERS_CHARACTERS} characters together, as JSON, and have ${characters}; store the data in a blob and pass its name`;
  throw new ValidationError([{ field: 'parameters', message }]);
}
