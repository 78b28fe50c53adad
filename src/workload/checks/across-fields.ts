import { whereValid } from '../partly-valid';
import type { FieldError } from '../validation';
import type { Workload } from '../workload';
import { checkDueTexts } from './due-text';
import { checkNodeTasks } from './node-tasks';
import { checkParameters } from './parameters';
import { checkPool } from './pool';
import { checkResults } from './results';
import { checkTasks } from './task';
import { checkTriggers } from './triggers';
import { checkWork } from './work';

/**
 * Combinations of fields that are each valid alone, and that Batch would reject or wait for forever.
 * The workload may be partly valid: a check that needs an invalid field reports nothing.
 */
export function* checkAcrossFields(workload: Workload): Generator<FieldError> {
  for (const check of checks) yield* whereValid(() => check(workload));
}

const checks: readonly ((workload: Workload) => Iterable<FieldError>)[] = [
  checkTasks,
  checkPool,
  checkNodeTasks,
  checkWork,
  checkTriggers,
  checkResults,
  checkDueTexts,
  checkParameters,
];
