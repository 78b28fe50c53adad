import { validate, validationErrorFrom } from './validation';
import type { Workload } from './workload';

/**
 * A run's parameters as text, with the defaults of the workload.
 * @throws ValidationError when a parameter is not as declared
 */
export function parametersOf(
  workload: Workload,
  given: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const validated = validate(workload.parameters, given);
  if (!validated.isValid) throw validationErrorFrom(validated.errors, ['parameters']);
  const defined = Object.entries(validated.value).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined.map(([name, value]) => [name, String(value)]));
}
