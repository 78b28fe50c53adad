import type { Batch, Files } from '../ports';
import { JOB_MANAGER_ID, MERGE_ID } from '../names';
import type { RunPlan } from '../run';
import type { TaskTemplate } from '../../workload/task-schema';
import { templatesOf, type Work } from '../../workload/work-schema';

/** Warnings of a run that succeeded, about outputs that its tasks declare and that are not there. */

type Output = TaskTemplate['outputs'][number];

/** Blobs of a folder that are compared with a pattern; a folder of more is not looked at further. */
const MAX_COMPARED = 10_000;
const MAX_WARNINGS = 20;

export async function outputWarnings(
  { batch, files }: { readonly batch: Batch; readonly files: Files },
  plan: RunPlan,
  work: Work,
): Promise<readonly string[]> {
  const warnings: string[] = [];
  for (const [field, { outputs }] of templatesOf(work)) {
    for (const [index, output] of outputs.entries()) {
      const where = `work.${field}.outputs[${index}]`;
      if (!(await hasAtLeast(1, files, plan, output))) {
        warnings.push(`${where}: no file matched ${output.files}, so nothing is in ${output.to}`);
      } else if (field === 'task' && !output.to.includes('{task}')) {
        const tasks = await tasksThatSucceeded(batch, plan, work);
        if (await hasAtLeast(tasks, files, plan, output)) continue;
        warnings.push(
          `${where}: ${tasks} tasks succeeded, and fewer files are in ${output.to}: tasks that write files of one name overwrite each other; write "${output.to}/{task}"`,
        );
      }
    }
  }
  return warnings.slice(0, MAX_WARNINGS);
}

/** True too where the folder has more blobs than are compared. */
async function hasAtLeast(
  wanted: number,
  files: Files,
  { outputContainer }: RunPlan,
  output: Output,
): Promise<boolean> {
  const [folder = ''] = output.to.split('{task}');
  const isOutput = blobsOf(output);
  let compared = 0;
  let found = 0;
  for await (const { name } of files.list(outputContainer, folder)) {
    if (isOutput.test(name)) found += 1;
    compared += 1;
    if (found >= wanted || compared === MAX_COMPARED) return true;
  }
  return found >= wanted;
}

async function tasksThatSucceeded(batch: Batch, { jobId }: RunPlan, work: Work): Promise<number> {
  if ((await batch.getJob(jobId)) === null) return 0;
  let succeeded = 0;
  // Tasks of their own template may write to the same folder or not.
  const others = new Set([JOB_MANAGER_ID, MERGE_ID, ...idsWithTemplate(work)]);
  for await (const { id, end } of batch.taskEnds(jobId)) {
    if (end === 'succeeded' && !others.has(id)) succeeded += 1;
  }
  return succeeded;
}

function idsWithTemplate(work: Work): readonly string[] {
  if (work.kind !== 'tasks') return [];
  return work.tasks.flatMap(({ id, task }) => (task === undefined ? [] : [id]));
}

/**
 * The names of the blobs of an output. Batch stores the files of a pattern with the folders that the
 * wildcards matched, and a single file directly in the folder.
 */
export function blobsOf({ files, to }: Output): RegExp {
  const folder = to.split('{task}').map(escapeRegExp).join('[A-Za-z0-9_-]+');
  const steps = files.split('/');
  const first = steps.findIndex((step) => /[*?[]/.test(step));
  const name =
    first === -1 ? escapeRegExp(steps.at(-1) ?? '') : toRegExp(steps.slice(first).join('/'));
  return new RegExp(`^${folder}/${name}$`);
}

/** `*` and `?` match within a folder, `**` across folders, `[abc]` one of these characters. */
function toRegExp(pattern: string): string {
  return pattern.replaceAll(
    /\*\*\/|\*\*|\*|\?|\[([^\]]+)\]|[^*?[]+|\[/g,
    (part, characters?: string) => {
      if (part === '**/') return '(?:.*/)?';
      if (part === '**') return '.*';
      if (part === '*') return '[^/]*';
      if (part === '?') return '[^/]';
      return characters === undefined ? escapeRegExp(part) : `[${escapeSet(characters)}]`;
    },
  );
}

/** A `!` or `^` at the beginning of a set excludes its characters. */
function escapeSet(characters: string): string {
  const escaped = characters.replaceAll(/[\\\]^]/g, String.raw`\$&`);
  return /^[!^]/.test(characters) ? `^${escaped.replace(/^(?:!|\\\^)/, '')}` : escaped;
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
