import { RESULTS_FOLDER } from '../fields';
import type { FieldError } from '../validation';
import { templatesOf } from '../work-schema';
import type { Workload } from '../workload';

/** Results that no output of a task can produce: a run without them always fails. */
export function* checkResults({ work, pool, results }: Workload): Generator<FieldError> {
  // Files that tasks write into a mounted folder are declared nowhere.
  if (pool.mounts.some(({ of }) => of === 'outputs')) return;
  const outputs = templatesOf(work).flatMap(([, template]) => template.outputs);
  for (const [index, result] of results.entries()) {
    const blob = `${RESULTS_FOLDER}/${result}`;
    if (outputs.some((output) => canProduce(output, blob))) continue;
    yield {
      path: ['results', index],
      message: `no task produces it: none of their outputs goes to ${blob}`,
    };
  }
}

/**
 * Batch stores the files of a pattern below the folder with their own paths, a single file directly
 * in it.
 */
function canProduce({ files, to }: { files: string; to: string }, blob: string): boolean {
  const folder = to.split('{task}').map(escapeRegExp).join('[A-Za-z0-9_-]+');
  const isPattern = /[*?[]/.test(files);
  const name = isPattern ? '.+' : escapeRegExp(files.slice(files.lastIndexOf('/') + 1));
  return new RegExp(`^${folder}/${name}$`).test(blob);
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
