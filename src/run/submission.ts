import { Failure } from '../failure';
import { openAccess, workloadOf, type Tools } from './tools';
import { credentialMinutes, JOB_MANAGER_ID, MANIFEST, MERGE_ID, taskIdOfBlob } from './plan';
import type { TaskSpec } from './ports';
import type { RunPlan } from './run';
import { stagedInputs, type StagedInput } from './staging';
import { dependOnAll, readManifest, taskFrom, type Access } from './tasks';
import type { TaskTemplate, Workload } from './workload';

/** 100,000 lines of some 300 characters. */
const MAX_MANIFEST_BYTES = 32 * 1024 ** 2;

/**
 * Adds the run's tasks, proves that Batch has exactly these, and only then lets the job end with
 * them: a job told so before would end while it is still empty. Repeated, it completes the set, and
 * adds none to a job whose tasks are all there and may have ended it since.
 */
export async function submitTasks(
  tools: Tools,
  { plan, now }: { plan: RunPlan; now: string },
): Promise<{ tasks: number }> {
  const wanted = await tasksOf(tools, plan, now);
  if (wanted.length === 0) return { tasks: 0 };

  const { batch } = tools;
  const there = await batch.taskIds(plan.jobId);
  const missing = wanted.filter(({ id }) => !there.has(id));
  if (missing.length > 0) await batch.addTasks(plan.jobId, missing);

  prove(plan, wanted, missing.length > 0 ? await batch.taskIds(plan.jobId) : there);
  await batch.endWhenTasksEnd(plan.jobId);
  return { tasks: wanted.length };
}

/** The tasks of the work, and the merge after them. */
async function tasksOf(tools: Tools, plan: RunPlan, now: string): Promise<readonly TaskSpec[]> {
  const workload = workloadOf(tools.workloads, plan);
  const access = await openAccess(tools.files, workload, plan, now);
  const tasks = await workOf(tools, workload, plan, now, access);
  if (tasks.length === 0) return [];
  const merge = mergeOf(
    workload,
    access,
    tasks.map(({ id }) => id),
  );
  return merge === null ? tasks : [...tasks, merge];
}

async function workOf(
  tools: Tools,
  workload: Workload,
  plan: RunPlan,
  now: string,
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
      const inputs = (await stagedInputs(tools, plan)) ?? [];
      const minutes = credentialMinutes(plan, now);
      return Promise.all(
        inputs.map(async (input) => {
          const url = await tools.files.readUrl(plan.stagingContainer, input.file, minutes);
          return taskOfBlob(work.task, access, input, url);
        }),
      );
    }
  }
}

/** The name travels as a variable, whatever it holds; the file has one of ours. */
function taskOfBlob(
  template: TaskTemplate,
  access: Access,
  { file, name }: StagedInput,
  url: string,
): TaskSpec {
  return taskFrom(template, access, {
    id: taskIdOfBlob(name),
    environment: { INPUT_FILE: file, INPUT_NAME: name },
    resourceFiles: [{ url, path: file, mode: null }],
  });
}

function mergeOf({ work }: Workload, access: Access, ids: readonly string[]): TaskSpec | null {
  if (work.kind === 'whole' || work.merge === undefined) return null;
  return taskFrom(work.merge, access, { id: MERGE_ID, dependsOn: dependOnAll(ids) });
}

function prove(plan: RunPlan, wanted: readonly TaskSpec[], there: ReadonlySet<string>): void {
  const ids = wanted.map(({ id }) => id);
  const missing = ids.filter((id) => !there.has(id));
  const planned = new Set([...ids, JOB_MANAGER_ID]);
  const foreign = [...there].filter((id) => !planned.has(id));
  if (missing.length === 0 && foreign.length === 0) return;
  // Worth another try: the missing are added again, and a list may be behind.
  throw new Failure(
    'serviceUnavailable',
    `job ${plan.jobId} lacks ${missing.length} of ${ids.length} tasks (${missing.slice(0, 3).join(', ')}) and has ${foreign.length} that nobody planned (${foreign.slice(0, 3).join(', ')})`,
  );
}
