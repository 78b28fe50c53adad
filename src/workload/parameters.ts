import type { Workload } from './workload';
import { validationErrorFrom } from './validation';

/** A workload's parameters with its defaults filled in, as text. @throws when one is not as declared */
export function parametersOf(
  workload: Workload,
  given: Readonly<Record<string, unknown>>,
): Record<string, string> {
  const checked = workload.parameters.safeParse(given);
  if (!checked.success) throw validationErrorFrom(checked.error.issues, ['parameters']);
  const defined = Object.entries(checked.data).filter(([, value]) => value !== undefined);
  return Object.fromEntries(defined.map(([name, value]) => [name, String(value)]));
}
