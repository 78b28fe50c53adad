import { whereValid } from '../partly-valid';
import type { FieldError } from '../validation';
import type { Work } from '../work-schema';
import type { Workload } from '../workload';
import { checkSweep } from './sweep';
import { checkTaskGraph } from './task-graph';

/** Work whose fields are each valid alone, and that could never run. */
export function* checkWork(workload: Workload): Generator<FieldError> {
  for (const check of workChecks) {
    for (const { path, message } of whereValid(() => check(workload.work))) {
      yield { path: ['work', ...path], message };
    }
  }
  yield* whereValid(() => checkBlobInputs(workload));
}

const workChecks: readonly ((work: Work) => Iterable<FieldError>)[] = [
  checkCombinations,
  checkListedTasks,
  checkTemplates,
  checkTolerance,
];

function* checkCombinations(work: Work): Generator<FieldError> {
  if (work.kind === 'sweep') yield* checkSweep(work, work.maxTasks * work.chunk);
}

function* checkListedTasks(work: Work): Generator<FieldError> {
  if (work.kind === 'tasks') yield* checkTaskGraph(work.tasks);
}

function* checkTemplates(work: Work): Generator<FieldError> {
  if (work.kind !== 'tasks' || work.task !== undefined) return;
  for (const [index, { task }] of work.tasks.entries()) {
    if (task !== undefined) continue;
    yield { path: ['tasks', index, 'task'], message: 'is missing: there is no work.task either' };
  }
}

function* checkTolerance(work: Work): Generator<FieldError> {
  if (work.kind === 'whole' || work.merge === undefined || work.tolerateFailed === 0) return;
  yield {
    path: ['tolerateFailed'],
    message: 'is for work without a merge; set work.merge.quorum instead',
  };
}

function* checkBlobInputs({ work, inputs }: Workload): Generator<FieldError> {
  if (work.kind !== 'perBlob' || inputs !== undefined) return;
  yield { path: ['inputs'], message: 'is missing: "perBlob" makes one task for each input blob' };
}
