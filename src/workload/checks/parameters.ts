import type { FieldError } from '../validation';
import type { Workload } from '../workload';

const PARAMETER_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/** Parameters whose names cannot be those of environment variables. */
export function* checkParameters({ parameters }: Workload): Generator<FieldError> {
  for (const name of Object.keys(parameters.shape)) {
    if (PARAMETER_NAME.test(name)) continue;
    yield {
      path: ['parameters', name],
      message: 'becomes an environment variable; its name must be letters, digits and _',
    };
  }
}
