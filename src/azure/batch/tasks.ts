import type { BatchServiceModels as Models } from '@azure/batch';
import { eachAtOnce } from '../../concurrency';
import { Failure } from '../../failure';
import type { TaskSpec } from '../../run/ports';
import { taskBody } from './bodies';
import { BatchError, JOB_IS_OVER, REQUEST_TIMEOUT_SECONDS, type Service } from './calls';
import { lower } from './views';

/** Batch takes at most this many tasks in one call. */
const TASKS_PER_CALL = 100;
/** More make a call wait for the client's own serialising, and the service throttle sooner. */
const CALLS_AT_ONCE = 16;
const ROUNDS_FOR_SERVER_ERRORS = 5;

/** Where tasks go, and how many of them have turned out to fit into one call. */
interface Target {
  readonly service: Service;
  readonly jobId: string;
  fitting: number;
}

type Tasks = readonly Models.TaskAddParameter[];

/** Adds tasks as they come, in collections, several at a time. It never holds more than these. */
export async function addTasks(
  service: Service,
  jobId: string,
  tasks: AsyncIterable<TaskSpec> | Iterable<TaskSpec>,
): Promise<void> {
  const target: Target = { service, jobId, fitting: TASKS_PER_CALL };
  await eachAtOnce(inCollections(tasks, target), CALLS_AT_ONCE, (collection) =>
    addCollection(target, collection),
  );
}

async function* inCollections(
  tasks: AsyncIterable<TaskSpec> | Iterable<TaskSpec>,
  target: Target,
): AsyncGenerator<Tasks, void, undefined> {
  let collection: Models.TaskAddParameter[] = [];
  for await (const task of tasks) {
    collection.push(taskBody(task));
    if (collection.length < target.fitting) continue;
    yield collection;
    collection = [];
  }
  if (collection.length > 0) yield collection;
}

/** Halves what is too large; sends again only what failed on the service's side. */
async function addCollection(target: Target, tasks: Tasks): Promise<void> {
  let left = tasks;
  for (let round = 1; left.length > 0; round++) {
    const answer = await addOnce(target, left);
    if (answer === 'tooLarge') return addHalves(target, left);
    left = left.filter(({ id }) => answer.has(id));
    if (left.length > 0 && round === ROUNDS_FOR_SERVER_ERRORS) {
      throw new Failure(
        'serviceUnavailable',
        `Batch could not add task ${left[0]?.id ?? ''} to job ${target.jobId} just now`,
      );
    }
  }
}

/** The tasks of a job are much alike: what did not fit now would not fit the next time either. */
async function addHalves(target: Target, tasks: Tasks): Promise<void> {
  const half = Math.ceil(tasks.length / 2);
  if (half === tasks.length) throw refusedTask(tasks[0]?.id, 'it is larger than the service takes');
  target.fitting = Math.min(target.fitting, half);
  await addCollection(target, tasks.slice(0, half));
  await addCollection(target, tasks.slice(half));
}

/** One call. Answers the ids worth sending again. A task that is there already was added before. */
async function addOnce(
  { service: { client, call }, jobId }: Target,
  tasks: Tasks,
): Promise<ReadonlySet<string> | 'tooLarge'> {
  try {
    const { value = [] } = await call(() =>
      client.task.addCollection(jobId, [...tasks], REQUEST_TIMEOUT_SECONDS),
    );
    for (const { taskId, status, error } of value) {
      if (lower(status) === 'clienterror' && error?.code !== 'TaskExists') {
        throw refusedTask(
          taskId,
          `${error?.message?.value?.split('\n')[0] ?? ''} [${error?.code ?? ''}]`,
        );
      }
    }
    return new Set(
      value.filter(({ status }) => lower(status) === 'servererror').map(({ taskId }) => taskId),
    );
  } catch (error) {
    if (error instanceof BatchError && error.status === 413) return 'tooLarge';
    if (error instanceof BatchError && JOB_IS_OVER.has(error.code)) {
      throw new Failure('jobEndedEarly', `job ${jobId} takes no more tasks: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}

function refusedTask(id: string | undefined, why: string): Failure {
  return new Failure('manifestRefused', `Batch refuses task ${id ?? ''}: ${why}`);
}
