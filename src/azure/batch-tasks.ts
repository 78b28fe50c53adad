import type { BatchServiceModels as Models } from '@azure/batch';
import { Failure } from '../failure';
import type { TaskSpec } from '../run/ports';
import { taskBody } from './batch-bodies';
import { BatchRefusal, JOB_IS_OVER, PATIENCE, type Service } from './batch-calls';
import { lower } from './batch-views';

/** Batch takes at most this many tasks in one call. */
const TASKS_PER_CALL = 100;
const ROUNDS_FOR_SERVER_ERRORS = 5;

export async function addTasks(
  service: Service,
  jobId: string,
  tasks: readonly TaskSpec[],
): Promise<void> {
  for (let start = 0; start < tasks.length; start += TASKS_PER_CALL) {
    await addChunk(service, jobId, tasks.slice(start, start + TASKS_PER_CALL).map(taskBody));
  }
}

/** Halves what is too large; sends again only what failed on the service's side. */
async function addChunk(
  service: Service,
  jobId: string,
  tasks: readonly Models.TaskAddParameter[],
): Promise<void> {
  let left = tasks;
  for (let round = 1; left.length > 0; round++) {
    const answer = await addOnce(service, jobId, left);
    if (answer === 'tooLarge') {
      const half = Math.ceil(left.length / 2);
      if (half === left.length)
        throw refusedTask(left[0]?.id, 'it is larger than the service takes');
      await addChunk(service, jobId, left.slice(0, half));
      await addChunk(service, jobId, left.slice(half));
      return;
    }
    left = left.filter(({ id }) => answer.has(id));
    if (left.length > 0 && round === ROUNDS_FOR_SERVER_ERRORS) {
      throw new Failure(
        'serviceUnavailable',
        `Batch could not add task ${left[0]?.id ?? ''} to job ${jobId} just now`,
      );
    }
  }
}

/** One call. Answers the ids worth sending again. A task that is there already was added before. */
async function addOnce(
  { client, call }: Service,
  jobId: string,
  tasks: readonly Models.TaskAddParameter[],
): Promise<ReadonlySet<string> | 'tooLarge'> {
  try {
    const { value = [] } = await call(() => client.task.addCollection(jobId, [...tasks], PATIENCE));
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
    if (error instanceof BatchRefusal && error.status === 413) return 'tooLarge';
    if (error instanceof BatchRefusal && JOB_IS_OVER.has(error.code)) {
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
