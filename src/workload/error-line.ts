import { formatPath, type FieldError } from './validation';
import { WORKLOAD_NAME } from './workload';

/** A validation error as one line, with the workload, the file that declares it and the field. */
export function errorLine(workload: string, { path, message }: FieldError): string {
  return `workload ${workload}${fileOf(workload)}, ${formatPath(path, 'the declaration')}: ${message}`;
}

/** The file of a declaration has the name of its workload. */
function fileOf(workload: string): string {
  return WORKLOAD_NAME.test(workload) ? ` (src/workloads/${workload}.ts)` : '';
}
