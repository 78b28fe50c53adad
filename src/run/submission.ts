import { Failure } from '../failure';
import { openAccess, workloadOf, type Tools } from './tools';
import { credentialMinutes, JOB_MANAGER_ID, MANIFEST, MERGE_ID, taskIdOfBlob } from './plan';
import type { TaskSpec } from './ports';
import type { RunPlan } from './run';
import type { StagedInput } from './staging';
import { dependOnAll, readManifest, taskFrom, type Access } from './tasks';
import type { Workload } from './workload';

/** 100,000 lines of some 300 characters. */
const MAX_MANIFEST_BYTES = 32 * 1024 ** 2;

/**
 * Adds the run's tasks, proves that Batch has exactly these, and only then lets the job end with
 * them: a job told so before would end while it is still empty. Repeated, it completes the set.
 */
export async function submitTasks(tools: Tools, plan: RunPlan): Promise<{ tasks: number }> {
  const workload = workloadOf(tools.workloads, plan);
  const access = await openAccess(tools.files, workload, plan);
  const tasks = await tasksOf(tools, workload, plan, access);
  if (tasks.length === 0) return { tasks: 0 };

  await tools.batch.addTasks(plan.jobId, tasks);
  const merge = mergeOf(
    workload,
    access,
    tasks.map(({ id }) => id),
  );
  if (merge !== null) await tools.batch.addTasks(plan.jobId, [merge]);

  const wanted = merge === null ? tasks : [...tasks, merge];
  await prove(
    tools,
    plan,
    wanted.map(({ id }) => id),
  );
  await tools.batch.endWhenTasksEnd(plan.jobId);
  return { tasks: wanted.length };
}

async function tasksOf(
  tools: Tools,
  workload: Workload,
  plan: RunPlan,
  access: Access,
): Promise<readonly TaskSpec[]> {
  const { work } = workload;
  switch (work.kind) {
    case 'whole':
      return [];
    case 'split': {
      const text = await tools.files.readText(plan.outputContainer, MANIFEST, MAX_MANIFEST_BYTES);
      if (text === null) {
        throw new Failure(
          'manifestRefused',
          'the job manager ended well but wrote no outputs/tasks.jsonl',
        );
      }
      const lines = readManifest(text, work.maxTasks);
      return lines.map(({ id, environment }) => taskFrom(work.task, access, { id, environment }));
    }
    case 'perBlob': {
      const text = await tools.files.readText(
        plan.stagingContainer,
        'inputs.json',
        MAX_MANIFEST_BYTES,
      );
      const inputs = JSON.parse(text ?? '[]') as StagedInput[];
      return Promise.all(inputs.map((input) => taskOfBlob(tools, workload, plan, access, input)));
    }
  }
}

async function taskOfBlob(
  { files }: Tools,
  workload: Workload,
  plan: RunPlan,
  access: Access,
  { file, name }: StagedInput,
): Promise<TaskSpec> {
  if (workload.work.kind !== 'perBlob') throw new Error(`${workload.name} has no tasks by blob`);
  const url = await files.readUrl(plan.stagingContainer, file, credentialMinutes(workload));
  return taskFrom(workload.work.task, access, {
    id: taskIdOfBlob(name),
    environment: { INPUT_FILE: file, INPUT_NAME: name },
    resourceFiles: [{ url, path: file, mode: null }],
  });
}

function mergeOf({ work }: Workload, access: Access, ids: readonly string[]): TaskSpec | null {
  if (work.kind === 'whole' || work.merge === undefined) return null;
  return taskFrom(work.merge, access, { id: MERGE_ID, dependsOn: dependOnAll(ids) });
}

async function prove({ batch }: Tools, plan: RunPlan, ids: readonly string[]): Promise<void> {
  const there = await batch.taskIds(plan.jobId);
  const missing = ids.filter((id) => !there.has(id));
  const wanted = new Set([...ids, JOB_MANAGER_ID]);
  const foreign = [...there].filter((id) => !wanted.has(id));
  if (missing.length === 0 && foreign.length === 0) return;
  // Worth another try: the missing are added again, and a list may be behind.
  throw new Failure(
    'serviceUnavailable',
    `job ${plan.jobId} lacks ${missing.length} of ${ids.length} tasks (${missing.slice(0, 3).join(', ')}) and has ${foreign.length} that nobody planned (${foreign.slice(0, 3).join(', ')})`,
  );
}
