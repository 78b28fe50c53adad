import { z } from 'zod';
import { Failure } from '../failure';
import { checkPool } from './checks/pool';
import { checkResults } from './checks/results';
import { checkTask } from './checks/task';
import { checkFollowers, checkTriggers } from './checks/triggers';
import { templatesOf } from './work-schema';
import type { WorkloadDeclaration, Workloads, Workload } from './workload';
import { workloadSchema, usesContainers } from './workload';
import { formatPath, formatIssue, type FieldError } from './validation';
import { checkWork } from './checks/work';
import { checkNodeTasks } from './checks/node-tasks';

const PARAMETER_NAME = /^[A-Za-z][A-Za-z0-9_]*$/;

/** Every declaration, defaults filled in, by name. @throws Failure badWorkloads naming each mistake. */
export function checkWorkloads(declarations: readonly WorkloadDeclaration[]): Workloads {
  const workloads = new Map<string, Workload>();
  const mistakes: string[] = [];

  for (const [index, declaration] of declarations.entries()) {
    const name = typeof declaration?.name === 'string' ? declaration.name : `number ${index + 1}`;
    const checked = checkedSchema.safeParse(declaration);
    if (!checked.success) {
      mistakes.push(...checked.error.issues.map((issue) => describe(name, issue)));
    } else if (workloads.has(name)) {
      mistakes.push(`workload ${name}, name: another workload has this name; choose another one`);
    } else {
      workloads.set(name, checked.data);
    }
  }

  const names = new Set(declarations.map((declaration) => declaration?.name));
  for (const [name, { path, message }] of checkFollowers(workloads, names)) {
    mistakes.push(`workload ${name}, ${formatPath(path, 'the declaration')}: ${message}`);
  }
  if (mistakes.length > 0) {
    throw new Failure('badWorkloads', `the workloads have mistakes:\n  ${mistakes.join('\n  ')}`);
  }
  return workloads;
}

function describe(workload: string, issue: z.core.$ZodIssue): string {
  return `workload ${workload}, ${formatPath(issue.path, 'the declaration')}: ${formatIssue(issue)}`;
}

const checkedSchema = workloadSchema.superRefine((workload, context) => {
  for (const { path, message } of checkAcrossFields(workload)) {
    context.addIssue({ code: 'custom', path, message });
  }
});

/** What each field allows alone, and Batch would refuse or wait for for ever. */
export function* checkAcrossFields(workload: Workload): Generator<FieldError> {
  const { work, inputs } = workload;
  const templates = templatesOf(work);
  const containers = usesContainers(workload);
  for (const [key, template] of templates) {
    yield* checkTask(workload, key, template, containers);
  }
  yield* checkPool(workload, [
    ...new Set([
      ...templates.flatMap(([, { secrets }]) => secrets),
      ...(workload.prepare?.secrets ?? []),
      ...(workload.release?.secrets ?? []),
    ]),
  ]);
  yield* checkNodeTasks(workload);
  if (work.kind === 'perBlob' && inputs === undefined) {
    yield { path: ['inputs'], message: 'missing: "perBlob" makes one task for each input blob' };
  }
  for (const { path, message } of checkWork(work)) yield { path: ['work', ...path], message };
  yield* checkTriggers(workload);
  yield* checkResults(workload);
  for (const name of Object.keys(workload.parameters.shape)) {
    if (PARAMETER_NAME.test(name)) continue;
    yield {
      path: ['parameters', name],
      message: 'becomes an environment variable; its name must be letters, digits and _',
    };
  }
}
