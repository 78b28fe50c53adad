import { checkShell } from './shell';
import type { Container, TaskTemplate } from '../task-schema';
import type { Workload } from '../workload';
import type { FieldError } from '../validation';

/** What a task says that its pool or its run cannot give. `many` is true for a template of many tasks. */
export function* checkTask(
  { pool, deadlineMinutes }: Workload,
  key: string,
  template: TaskTemplate,
  containers: boolean,
): Generator<FieldError> {
  const at = (...field: (string | number)[]) => ['work', key, ...field];
  // How many slots a node of somebody else's pool has is seen when the run begins.
  if (pool.existing === undefined && template.slots > pool.slotsPerNode) {
    yield {
      path: at('slots'),
      message: `${template.slots} slots fit on no node of ${pool.slotsPerNode}, so the task would wait for ever; lower it or raise pool.slotsPerNode`,
    };
  }
  if (template.maxMinutes > deadlineMinutes) {
    yield {
      path: at('maxMinutes'),
      message: `${template.maxMinutes} minutes are more than the run has (deadlineMinutes ${deadlineMinutes}); lower it or raise deadlineMinutes`,
    };
  }
  if (containers && template.container === undefined) {
    yield {
      path: at('container'),
      message:
        'missing: a pool that runs containers takes no other task; give this one a container too',
    };
  }
  yield* checkContainer(at('container'), template.container);
  if (template.command.trim() === '' && template.container === undefined) {
    yield {
      path: at('command'),
      message: 'must not be empty; only a container task may leave the command to its image',
    };
  }
  yield* checkShell(at('command'), template.command);
  if (key === 'task') yield* checkOutputs(at, template);
}

export function* checkContainer(
  path: readonly (string | number)[],
  container: Container | undefined,
): Generator<FieldError> {
  if (container === undefined || !/(^|\s)--gpus\b/.test(container.runOptions)) return;
  yield {
    path: [...path, 'runOptions'],
    message: 'leave out --gpus: Batch adds it where the node has any, and refuses it twice',
  };
}

/** Many tasks are made of one template, and each would write the same blob. */
function* checkOutputs(
  at: (...field: (string | number)[]) => (string | number)[],
  { outputs }: TaskTemplate,
): Generator<FieldError> {
  for (const [index, { files, to }] of outputs.entries()) {
    if (/[*?[]/.test(files) || to.includes('{task}')) continue;
    yield {
      path: at('outputs', index, 'to'),
      message: `every task would write ${files} to the same place; write "${to}/{task}", or a pattern for names that differ`,
    };
  }
}
