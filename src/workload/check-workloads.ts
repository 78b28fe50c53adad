import { Failure } from '../failure';
import { checkAcrossFields } from './checks/across-fields';
import { checkFollowers } from './checks/followers';
import { errorLine } from './error-line';
import { parsePartly } from './partly-valid';
import type { FieldError } from './validation';
import { workloadSchema } from './workload';
import type { WorkloadDeclaration, Workloads, Workload } from './workload';

/**
 * Checks every declaration. Returns the workloads with their defaults, by name.
 * @throws Failure badWorkloads with every validation error of every declaration
 */
export function checkWorkloads(declarations: readonly WorkloadDeclaration[]): Workloads {
  // As far as they are valid, so that errors between workloads are reported with all others.
  const workloads = new Map<string, Workload>();
  const lines: string[] = [];
  for (const [index, declaration] of declarations.entries()) {
    const { value: workload, errors } = parsePartly(workloadSchema, declaration);
    const name = typeof declaration?.name === 'string' ? declaration.name : null;
    const title = name ?? `number ${index + 1}`;
    const across = workload === null ? [] : checkAcrossFields(workload);
    lines.push(...[...errors, ...across].map((error) => errorLine(title, error)));
    if (name === null || workload === null) continue;
    if (workloads.has(name)) lines.push(errorLine(title, SAME_NAME));
    else workloads.set(name, workload);
  }
  const names = new Set(declarations.map((declaration) => declaration?.name));
  for (const [name, error] of checkFollowers(workloads, names)) {
    lines.push(errorLine(name, error));
  }
  if (lines.length > 0) {
    throw new Failure(
      'badWorkloads',
      `the workloads have validation errors:\n  ${lines.join('\n  ')}`,
    );
  }
  return workloads;
}

const SAME_NAME: FieldError = {
  path: ['name'],
  message: 'another workload has this name; choose a different one',
};
