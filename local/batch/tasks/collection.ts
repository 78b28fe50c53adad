import { list, object, anyJson, type TypeOf } from '../wire/shape';
import { newTask } from '../bodies/task';
import { checkPackages } from '../execution/packages';
import type { Account, Job } from '../state/account';
import type { Call, Reply } from '../wire/call';
import { errorBody } from '../wire/error-body';
import { Refusal, invalidBody } from '../wire/refusals';
import { wireTime } from '../wire/time';
import { checkTask, createTask } from './create';
import { openJobOf } from './operations';
import { taskUrl } from './view';

/** Maximum number of tasks in one call. */
const MAX_TASKS_PER_CALL = 100;

/** Each task is validated separately: an invalid one does not affect the others. */
export const newTasks = object({ value: list(anyJson) });

/**
 * POST /jobs/{jobId}/addtaskcollection. The status is 200 even if every task was refused: each has
 * its own result.
 */
export function addTasks(account: Account, call: Call<TypeOf<typeof newTasks>, 'jobId'>): Reply {
  const job = openJobOf(account, call);
  const { value } = call.body;
  if (value.length > MAX_TASKS_PER_CALL) {
    throw invalidBody(
      `A collection has at most ${MAX_TASKS_PER_CALL} tasks, this one ${value.length}`,
    );
  }
  const results = value.map((item) => addOne(account, job, item, call.base));
  return { status: 200, metadata: 'taskaddresult', body: { value: results } };
}

function addOne(account: Account, job: Job, item: unknown, base: string): object {
  const taskId = idOf(item);
  const location = taskUrl(base, job, taskId);
  try {
    const spec = newTask.read(item, 'task');
    checkTask(job, spec);
    if (spec.applicationPackageReferences !== undefined) {
      checkPackages(account, spec.applicationPackageReferences);
    }
    const { eTag, modifiedAt } = createTask(account, job, spec);
    return { status: 'Success', taskId, eTag, lastModified: wireTime(modifiedAt), location };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return {
      // A task that is refused here is refused again: the other status would ask the client to
      // retry.
      status: 'ClientError',
      taskId,
      'error@odata.navigationLinkUrl': `${location}/error`,
      error: errorBody(error),
    };
  }
}

function idOf(item: unknown): string {
  const { id } = (item ?? {}) as { readonly id?: unknown };
  return typeof id === 'string' ? id : '';
}
