import { z } from 'zod';
import type { Workload } from '../workload/workload';

/** JSON Schema of the parameters that a caller may set. A check that is code is left out. */
export function parametersSchema(parameters: Workload['parameters']): Record<string, unknown> {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(parameters, {
    io: 'input',
    unrepresentable: 'any',
  });
  return schema;
}
