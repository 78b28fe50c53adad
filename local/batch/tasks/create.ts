import type { NewTask } from '../bodies/task';
import type { Account, Job } from '../state/account';
import type { TaskRecord } from '../state/records';
import { PREPARATION_ID, RELEASE_ID } from '../jobs/preparation';
import { Refusal, invalidProperty } from '../wire/refusals';

/** Maximum length of all parent ids of one task. */
const MAX_DEPENDENCY_CHARACTERS = 64_000;

/**
 * Maximum length of all resource files of one task. The documentation names the error, not the
 * limit, which users have reported.
 *
 * Unconfirmed: the limit counts the JSON of the list.
 */
const MAX_RESOURCE_FILE_CHARACTERS = 32_768;

/** Adds a validated task and requests a dispatch. */
export function createTask(
  account: Account,
  job: Job,
  spec: NewTask,
  isJobManager = false,
): TaskRecord {
  const now = account.now();
  const { eTag, modifiedAt } = account.nextVersion();
  const task: TaskRecord = {
    seq: account.nextSeq(),
    spec,
    eTag,
    modifiedAt,
    createdAt: now,
    state: 'active',
    stateAt: now,
    retryCount: 0,
    requeueCount: 0,
  };
  if (spec.constraints !== undefined) task.constraints = spec.constraints;
  if (isJobManager) task.isJobManager = true;
  job.tasks.add(task);
  account.saveTask(job, task);
  account.wantDispatch(job.pool);
  return task;
}

/** Refuses a task that its job cannot accept. */
export function checkTask(job: Job, spec: NewTask): void {
  if (job.tasks.get(spec.id) !== undefined) throw new Refusal('TaskExists');
  const { jobPreparationTask, jobReleaseTask } = job.record.spec;
  if (isSameId(spec.id, jobPreparationTask && (jobPreparationTask.id ?? PREPARATION_ID))) {
    throw new Refusal('TaskIdSameAsJobPreparationTask');
  }
  if (isSameId(spec.id, jobReleaseTask && (jobReleaseTask.id ?? RELEASE_ID))) {
    throw new Refusal('TaskIdSameAsJobReleaseTask');
  }
  if (spec.multiInstanceSettings !== undefined) {
    throw new Refusal('NotImplemented', [{ key: 'Operation', value: 'multi-instance tasks' }]);
  }
  if (spec.dependsOn !== undefined) checkDependencies(job, spec.dependsOn);
  if (spec.exitConditions !== undefined) checkExitConditions(job, spec.exitConditions);
  checkResourceFiles(spec.resourceFiles ?? []);
}

/** Refuses resource files that are invalid, or too many for one task. */
function checkResourceFiles(files: readonly ResourceFile[]): void {
  if (JSON.stringify(files).length > MAX_RESOURCE_FILE_CHARACTERS)
    throw new Refusal('RequestEntityTooLarge', [
      {
        key: 'Reason',
        value: `The resource files of a task can have ${MAX_RESOURCE_FILE_CHARACTERS} characters in all`,
      },
    ]);
  for (const file of files) checkResourceFile(file);
}

function isSameId(id: string, other: string | undefined): boolean {
  return other !== undefined && id.toLowerCase() === other.toLowerCase();
}

function checkDependencies(job: Job, dependsOn: NonNullable<NewTask['dependsOn']>): void {
  if (job.record.spec.usesTaskDependencies !== true) {
    throw new Refusal('TaskDependenciesNotSpecifiedOnJob');
  }
  const length = (dependsOn.taskIds ?? []).reduce((sum, id) => sum + id.length, 0);
  if (length > MAX_DEPENDENCY_CHARACTERS) throw new Refusal('TaskDependencyListTooLong');
  const backward = dependsOn.taskIdRanges?.find(({ start, end }) => end < start);
  if (backward !== undefined) {
    throw invalidProperty('taskIdRanges', backward, 'The end of a range is before its start');
  }
}

/** A job action is valid only in a job that performs them. */
function checkExitConditions(job: Job, conditions: NonNullable<NewTask['exitConditions']>): void {
  if (job.record.spec.onTaskFailure === 'performexitoptionsjobaction') return;
  const all = [
    ...(conditions.exitCodes ?? []).map(({ exitOptions }) => exitOptions),
    ...(conditions.exitCodeRanges ?? []).map(({ exitOptions }) => exitOptions),
    conditions.preProcessingError,
    conditions.fileUploadError,
    conditions.default,
  ];
  const asking = all.find((options) => options?.jobAction !== undefined);
  if (asking !== undefined) {
    const reason = 'The job does not perform exit options: onTaskFailure is noaction';
    throw invalidProperty('jobAction', asking.jobAction, reason);
  }
  const depending = all.find((options) => options?.dependencyAction !== undefined);
  if (depending !== undefined && job.record.spec.usesTaskDependencies !== true) {
    const reason = 'The job does not use task dependencies';
    throw invalidProperty('dependencyAction', depending.dependencyAction, reason);
  }
}

type ResourceFile = NonNullable<NewTask['resourceFiles']>[number];

function checkResourceFile(file: ResourceFile): void {
  const sources = [file.httpUrl, file.storageContainerUrl, file.autoStorageContainerName];
  if (sources.filter((source) => source !== undefined).length !== 1) {
    const reason =
      'Exactly one of httpUrl, storageContainerUrl and autoStorageContainerName must be given';
    throw invalidProperty('resourceFiles', file.filePath ?? '', reason);
  }
  if (file.httpUrl !== undefined && (file.filePath ?? '') === '') {
    throw invalidProperty('filePath', '', 'filePath is required with httpUrl');
  }
  if (file.httpUrl !== undefined && file.blobPrefix !== undefined) {
    throw invalidProperty('blobPrefix', file.blobPrefix, 'blobPrefix is not for httpUrl');
  }
}
