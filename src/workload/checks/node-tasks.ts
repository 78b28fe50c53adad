import { isGiven, whereValid } from '../partly-valid';
import type { FieldError } from '../validation';
import { usesContainers, type Workload } from '../workload';
import { checkShell } from './shell';
import { checkContainer } from './task';

/** The preparation and release task, which are checked like other tasks. */
export function* checkNodeTasks(workload: Workload): Generator<FieldError> {
  for (const key of ['prepare', 'release'] as const) {
    if (!isGiven(workload, key)) continue;
    for (const check of [checkCommand, checkOwnContainer]) {
      yield* whereValid(() => check(workload, key));
    }
  }
}

type NodeTaskKey = 'prepare' | 'release';

function* checkCommand(workload: Workload, key: NodeTaskKey): Generator<FieldError> {
  const { command } = workload[key] ?? { command: '' };
  yield* checkShell([key, 'command'], command);
}

function* checkOwnContainer(workload: Workload, key: NodeTaskKey): Generator<FieldError> {
  const container = workload[key]?.container;
  if (container === undefined) return;
  yield* checkContainer([key, 'container'], container);
  if (usesContainers(workload)) return;
  yield {
    path: [key, 'container'],
    message: 'needs a pool that runs containers; make the tasks containers, or leave this out',
  };
}
