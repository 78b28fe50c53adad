import { checkDueText, hasDueTime } from '../due-text';
import type { FieldError } from '../validation';
import { templatesOf } from '../work-schema';
import type { Workload } from '../workload';

/** Folders may have the due time of the run in their names. */
export function* checkDueTexts(workload: Workload): Generator<FieldError> {
  for (const [path, text] of foldersOf(workload)) {
    const message = checkDueText(text);
    if (message !== undefined) yield { path: [...path], message };
  }
  const { inputs, triggers } = workload;
  if (inputs?.from !== 'container' || triggers.blob === undefined) return;
  if (!hasDueTime(inputs.prefix ?? '')) return;
  yield {
    path: ['inputs', 'prefix'],
    message:
      'has {due…}, and a run of a blob has no due time; leave out triggers.blob, or the {due…}',
  };
}

type Folder = readonly [path: readonly (string | number)[], text: string];

function* foldersOf({ inputs, shared, work, results }: Workload): Generator<Folder> {
  if (inputs?.prefix !== undefined) yield [['inputs', 'prefix'], inputs.prefix];
  for (const [index, { prefix }] of shared.entries()) yield [['shared', index, 'prefix'], prefix];
  for (const [index, name] of results.entries()) yield [['results', index], name];
  for (const [name, { outputs, reads }] of templatesOf(work)) {
    for (const [index, { to }] of outputs.entries())
      yield [['work', name, 'outputs', index, 'to'], to];
    for (const [index, folder] of reads.entries()) yield [['work', name, 'reads', index], folder];
  }
}
