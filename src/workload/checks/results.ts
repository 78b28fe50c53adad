import { templatesOf } from '../work-schema';
import type { Workload } from '../workload';
import { RESULTS_FOLDER } from '../fields';
import type { FieldError } from '../validation';

/** Results that no task brings to where they are looked for: such a run could only ever fail. */
export function* checkResults({ work, pool, results }: Workload): Generator<FieldError> {
  // What tasks write into a mounted folder is nowhere declared.
  if (pool.mounts.some(({ of }) => of === 'outputs')) return;
  const outputs = templatesOf(work).flatMap(([, template]) => template.outputs);
  for (const [index, result] of results.entries()) {
    const blob = `${RESULTS_FOLDER}/${result}`;
    if (outputs.some((output) => mayBring(output, blob))) continue;
    yield {
      path: ['results', index],
      message: `no task brings it: no output of one goes to ${blob}`,
    };
  }
}

/** Batch puts a pattern's files below the folder under their own names, a single file right into it. */
function mayBring({ files, to }: { files: string; to: string }, blob: string): boolean {
  const folder = to.split('{task}').map(literally).join('[A-Za-z0-9_-]+');
  const isPattern = /[*?[]/.test(files);
  const name = isPattern ? '.+' : literally(files.slice(files.lastIndexOf('/') + 1));
  return new RegExp(`^${folder}/${name}$`).test(blob);
}

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
