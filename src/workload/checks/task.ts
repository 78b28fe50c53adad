import { whereValid } from '../partly-valid';
import type { Container, TaskTemplate } from '../task-schema';
import type { FieldError } from '../validation';
import { usesContainers, type Workload } from '../workload';
import { checkShell } from './shell';

/** Tasks that ask for what their pool or their run cannot give. */
export function* checkTasks(workload: Workload): Generator<FieldError> {
  for (const find of templateFinders(workload)) {
    for (const check of taskChecks) yield* whereValid(() => checkOne(workload, find, check));
  }
}

interface Found {
  readonly path: readonly PropertyKey[];
  readonly task: TaskTemplate;
}

type TaskCheck = (workload: Workload, found: Found) => Iterable<FieldError>;

function* checkOne(
  workload: Workload,
  find: () => Found | null,
  check: TaskCheck,
): Generator<FieldError> {
  const found = find();
  if (found !== null) yield* check(workload, found);
}

/** One function for each task template, since an invalid template cannot be read. */
function* templateFinders(workload: Workload): Generator<() => Found | null> {
  for (const key of ['jobManager', 'task', 'merge'] as const) {
    yield () => {
      const task = (workload.work as Partial<Record<typeof key, TaskTemplate>>)[key];
      return task === undefined ? null : { path: ['work', key], task };
    };
  }
  for (const index of listedTasksOf(workload).keys()) {
    yield () => {
      const task = listedTasksOf(workload)[index]?.task;
      return task === undefined ? null : { path: ['work', 'tasks', index, 'task'], task };
    };
  }
}

function listedTasksOf(
  workload: Workload,
): readonly { readonly task?: TaskTemplate | undefined }[] {
  const { work } = workload;
  return work.kind === 'tasks' ? work.tasks : [];
}

const taskChecks: readonly TaskCheck[] = [
  checkSlots,
  checkMinutes,
  checkHasContainer,
  checkRunOptions,
  checkCommand,
  checkOutputs,
];

function* checkSlots({ pool }: Workload, { path, task }: Found): Generator<FieldError> {
  // The slots of an existing pool's nodes are checked when the run starts.
  if (pool.existing !== undefined || task.slots <= pool.slotsPerNode) return;
  yield {
    path: [...path, 'slots'],
    message: `${task.slots} slots do not fit on a node with ${pool.slotsPerNode}, so the task would never start; lower it or raise pool.slotsPerNode`,
  };
}

function* checkMinutes(
  { deadlineMinutes }: Workload,
  { path, task }: Found,
): Generator<FieldError> {
  if (task.maxMinutes <= deadlineMinutes) return;
  yield {
    path: [...path, 'maxMinutes'],
    message: `${task.maxMinutes} minutes exceed the deadline of the run (deadlineMinutes ${deadlineMinutes}); lower it or raise deadlineMinutes`,
  };
}

function* checkHasContainer(workload: Workload, { path, task }: Found): Generator<FieldError> {
  if (task.container !== undefined || !usesContainers(workload)) return;
  yield {
    path: [...path, 'container'],
    message:
      'is missing: a pool that runs containers runs no other tasks; give this task a container too',
  };
}

function* checkRunOptions(_workload: Workload, { path, task }: Found): Generator<FieldError> {
  yield* checkContainer([...path, 'container'], task.container);
}

/** Options that Batch sets itself. */
export function* checkContainer(
  path: readonly PropertyKey[],
  container: Container | undefined,
): Generator<FieldError> {
  if (container === undefined || !/(^|\s)--gpus\b/.test(container.runOptions)) return;
  yield {
    path: [...path, 'runOptions'],
    message: 'must not contain --gpus: Batch adds it on nodes with GPUs, and rejects a second one',
  };
}

function* checkCommand(_workload: Workload, { path, task }: Found): Generator<FieldError> {
  if (task.command.trim() === '' && task.container === undefined) {
    yield {
      path: [...path, 'command'],
      message: 'must not be empty; only a container task may run the command of its image',
    };
  }
  yield* checkShell([...path, 'command'], task.command);
}

/**
 * Many tasks are made from `work.task`, and a single file would be the same blob for each of them.
 */
function* checkOutputs(_workload: Workload, { path, task }: Found): Generator<FieldError> {
  if (path.join('.') !== 'work.task') return;
  for (const [index, { files, to }] of task.outputs.entries()) {
    if (/[*?[]/.test(files) || to.includes('{task}')) continue;
    yield {
      path: [...path, 'outputs', index, 'to'],
      message: `every task would write ${files} to the same blob; write "${to}/{task}", or a pattern for names that differ`,
    };
  }
}
