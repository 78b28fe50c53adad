import type { FieldError } from '../validation';
import { checkSweep } from './sweep';
import { checkTaskGraph } from './task-graph';
import type { Work } from '../work-schema';

/** What each field allows alone, and could never run. Paths begin below `work`. */
export function* checkWork(work: Work): Generator<FieldError> {
  if (work.kind === 'sweep') yield* checkSweep(work, work.maxTasks * work.chunk);
  if (work.kind === 'tasks') {
    yield* checkTaskGraph(work.tasks);
    for (const [index, { task }] of work.tasks.entries()) {
      if (task !== undefined || work.task !== undefined) continue;
      yield { path: ['tasks', index, 'task'], message: 'missing: there is no work.task either' };
    }
  }
  if (work.kind !== 'whole' && work.merge !== undefined && work.tolerateFailed > 0) {
    yield {
      path: ['tolerateFailed'],
      message: 'is for work without a merge; a merge states its quorum',
    };
  }
}
