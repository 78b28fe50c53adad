import type { WorkloadDeclaration } from '../../src/workload/workload';
import { checkWorkloads } from '../../src/workload/check-workloads';

/** Every validation error of these declarations, one a line: `hello, pool.maxNodes: must be …`. */
export function validationErrorsOf(...declarations: readonly unknown[]): readonly string[] {
  try {
    checkWorkloads(declarations as readonly WorkloadDeclaration[]);
    return [];
  } catch (error) {
    const [, ...lines] = String(error).split('\n');
    return lines.map((line) => line.trim().replace(/^workload (\S+)( \(\S+\))?, /, '$1, '));
  }
}
