import { parentJobOf } from '../jobs/operations';
import type { NewTask, TaskUpdate } from '../bodies/task';
import { checkPackages } from '../execution/packages';
import { failureOf } from '../execution/failures';
import type { Account, Job } from '../state/account';
import type { TaskRecord } from '../state/records';
import type { Call, Reply } from '../wire/call';
import { checkConditions } from '../wire/conditions';
import { pageOf, selected } from '../wire/page';
import { Refusal } from '../wire/refusals';
import { checkTask, createTask } from './create';
import { endTask, reactivateTask, removeTask, taskStopped } from './lifecycle';
import { taskListing, taskUrl, taskView } from './view';

export type TaskCall<Body = undefined> = Call<Body, 'jobId' | 'taskId'>;

interface Found {
  readonly job: Job;
  readonly task: TaskRecord;
}

/** The task that a call names, if its conditional headers are met. */
export function taskOf(account: Account, call: Call<unknown, 'jobId' | 'taskId'>): Found {
  const job = parentJobOf(account, call);
  const task = job.tasks.get(call.params.taskId);
  if (task === undefined) throw new Refusal('TaskNotFound');
  checkConditions(call, task);
  return { job, task };
}

/** The job of a new task. Unconfirmed: a disabled job accepts tasks; they wait. */
export function openJobOf(account: Account, call: Call<unknown, 'jobId'>): Job {
  const job = parentJobOf(account, call);
  if (job.record.state === 'completed') throw new Refusal('JobCompleted');
  if (job.record.state === 'terminating') throw new Refusal('JobBeingTerminated');
  if (job.record.state === 'deleting') throw new Refusal('JobBeingDeleted');
  return job;
}

/** POST /jobs/{jobId}/tasks */
export function addTask(account: Account, call: Call<NewTask, 'jobId'>): Reply {
  const job = openJobOf(account, call);
  const { body } = call;
  checkTask(job, body);
  checkPackages(account, body.applicationPackageReferences ?? []);
  const task = createTask(account, job, body);
  return { status: 201, version: task, location: taskUrl(call.base, job, body.id) };
}

/** GET /jobs/{jobId}/tasks */
export function listTasks(account: Account, call: Call<undefined, 'jobId'>): Reply {
  const job = parentJobOf(account, call);
  return pageOf(call, taskListing, (after) => listed(job, after, call.base));
}

function* listed(job: Job, after: number, base: string) {
  for (const task of job.tasks.after(after)) {
    yield { seq: task.seq, view: () => taskView(job, task, base) };
  }
}

/** GET /jobs/{jobId}/tasks/{taskId} */
export function getTask(account: Account, call: TaskCall): Reply {
  const { job, task } = taskOf(account, call);
  const body = selected(call, taskListing, taskView(job, task, call.base));
  return { status: 200, metadata: 'tasks/@Element', version: task, body };
}

/** PUT /jobs/{jobId}/tasks/{taskId}: replaces the constraints as a whole. */
export function updateTask(account: Account, call: TaskCall<TaskUpdate>): Reply {
  const { job, task } = taskOf(account, call);
  if (task.state === 'completed') throw new Refusal('TaskCompleted');
  if (call.body.constraints === undefined) delete task.constraints;
  else task.constraints = call.body.constraints;
  Object.assign(task, account.nextVersion());
  account.saveTask(job, task);
  return { status: 200, version: task };
}

/** POST /jobs/{jobId}/tasks/{taskId}/terminate */
export async function terminateTask(account: Account, call: TaskCall): Promise<Reply> {
  const { job, task } = taskOf(account, call);
  if (task.state === 'completed') throw new Refusal('TaskCompleted');
  endTask(account, job, task, failureOf('TaskEnded'));
  const reply = savedTask(account, job, task);
  await taskStopped(job, task);
  return reply;
}

/** POST /jobs/{jobId}/tasks/{taskId}/reactivate */
export function reactivate(account: Account, call: TaskCall): Reply {
  const { job, task } = taskOf(account, call);
  openJobOf(account, call);
  if (task.state !== 'completed') throw new Refusal('TaskNotCompleted');
  if (task.result === 'success') throw new Refusal('TaskSucceeded');
  reactivateTask(account, job, task);
  return savedTask(account, job, task);
}

function savedTask(account: Account, job: Job, task: TaskRecord): Reply {
  Object.assign(task, account.nextVersion());
  account.saveTask(job, task);
  return { status: 204, version: task };
}

/** DELETE /jobs/{jobId}/tasks/{taskId}; its files are deleted with it. */
export async function deleteTask(account: Account, call: TaskCall): Promise<Reply> {
  const { job, task } = taskOf(account, call);
  removeTask(account, job, task);
  await taskStopped(job, task);
  return { status: 200 };
}

/** GET /jobs/{jobId}/tasks/{taskId}/subtasksinfo; only multi-instance tasks have subtasks. */
export function listSubtasks(account: Account, call: TaskCall): Reply {
  taskOf(account, call);
  return { status: 200, metadata: 'subtaskinfo', body: { value: [] } };
}
