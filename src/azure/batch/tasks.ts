import type { BatchServiceModels as Models } from '@azure/batch';
import { eachAtOnce } from '../../concurrency';
import { Failure } from '../../failure';
import type { TaskSpec } from '../../run/ports';
import { taskBody } from './bodies';
import { BatchError, JOB_ENDED_CODES, REQUEST_TIMEOUT, type Service } from './calls';
import { lower } from './views';

/** Batch accepts at most this many tasks in one call. */
const TASKS_PER_CALL = 100;
/** More concurrent calls are limited by the client's serialization, and the service throttles sooner. */
const CALLS_AT_ONCE = 16;
/** Attempts for tasks that fail with a server error. */
const MAX_ROUNDS = 5;

/** The job, and the number of its tasks that fit into one call as far as known. */
interface Target {
  readonly service: Service;
  readonly jobId: string;
  maxCollectionSize: number;
}

type Tasks = readonly Models.TaskAddParameter[];

/** Adds tasks in collections, several calls at a time, holding only those tasks in memory. */
export async function addTasks(
  service: Service,
  jobId: string,
  tasks: AsyncIterable<TaskSpec> | Iterable<TaskSpec>,
): Promise<void> {
  const target: Target = { service, jobId, maxCollectionSize: TASKS_PER_CALL };
  await eachAtOnce(toCollections(tasks, target), CALLS_AT_ONCE, (collection) =>
    addCollection(target, collection),
  );
}

async function* toCollections(
  tasks: AsyncIterable<TaskSpec> | Iterable<TaskSpec>,
  target: Target,
): AsyncGenerator<Tasks, void, undefined> {
  let collection: Models.TaskAddParameter[] = [];
  for await (const task of tasks) {
    collection.push(taskBody(task));
    if (collection.length < target.maxCollectionSize) continue;
    yield collection;
    collection = [];
  }
  if (collection.length > 0) yield collection;
}

/** Halves a collection that is too large, and retries the tasks that failed with a server error. */
async function addCollection(target: Target, tasks: Tasks): Promise<void> {
  let remaining = tasks;
  for (let round = 1; remaining.length > 0; round++) {
    const failed = await addOnce(target, remaining);
    if (failed === 'tooLarge') return addHalves(target, remaining);
    remaining = remaining.filter(({ id }) => failed.has(id));
    if (remaining.length > 0 && round === MAX_ROUNDS) {
      throw new Failure(
        'serviceUnavailable',
        `Batch could not add task ${remaining[0]?.id ?? ''} to job ${target.jobId} at the moment`,
      );
    }
  }
}

/** Tasks of a job have similar sizes, so the smaller size applies to all later collections. */
async function addHalves(target: Target, tasks: Tasks): Promise<void> {
  const half = Math.ceil(tasks.length / 2);
  if (half === tasks.length) throw taskError(tasks[0]?.id, 'it is larger than the service accepts');
  target.maxCollectionSize = Math.min(target.maxCollectionSize, half);
  await addCollection(target, tasks.slice(0, half));
  await addCollection(target, tasks.slice(half));
}

/** Makes one call. Returns the ids that failed with a server error. An existing task counts as added. */
async function addOnce(
  { service: { client, call }, jobId }: Target,
  tasks: Tasks,
): Promise<ReadonlySet<string> | 'tooLarge'> {
  try {
    const { value = [] } = await call(() =>
      client.task.addCollection(jobId, [...tasks], REQUEST_TIMEOUT),
    );
    for (const { taskId, status, error } of value) {
      if (lower(status) === 'clienterror' && error?.code !== 'TaskExists') {
        throw taskError(
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
    if (error instanceof BatchError && JOB_ENDED_CODES.has(error.code)) {
      throw new Failure('jobEndedEarly', `job ${jobId} accepts no more tasks: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}

function taskError(id: string | undefined, reason: string): Failure {
  return new Failure('manifestRefused', `Batch rejected task ${id ?? ''}: ${reason}`);
}
