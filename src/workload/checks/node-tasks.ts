import { checkShell } from './shell';
import { checkContainer } from './task';
import type { Workload } from '../workload';
import { usesContainers } from '../workload';
import type { FieldError } from '../validation';

export function* checkNodeTasks(workload: Workload): Generator<FieldError> {
  for (const key of ['prepare', 'release'] as const) {
    const task = workload[key];
    if (task === undefined) continue;
    yield* checkShell([key, 'command'], task.command);
    yield* checkContainer([key, 'container'], task.container);
    if (task.container !== undefined && !usesContainers(workload)) {
      yield {
        path: [key, 'container'],
        message: 'needs a pool that runs containers; make the tasks containers, or leave it out',
      };
    }
  }
}
