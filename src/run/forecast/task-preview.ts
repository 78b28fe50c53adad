import type { BlobFound } from '../ports';
import { combinationAt, combinationsIn, formatCombination } from '../../workload/sweep';
import { chunkId, chunkSizeOf } from '../submit/task-set';
import type { Work } from '../../workload/work-schema';
import { idFromText, JOB_MANAGER_ID, MERGE_ID } from '../names';

/** One of the first tasks of a run, as a plan shows it. */
export interface TaskPreview {
  readonly id: string;
  readonly command: string;
  readonly about: string;
}

/** Number of inputs and tasks that a plan shows. */
export const PREVIEW_LIMIT = 3;

/** Previews the job manager, the first tasks and the merge. Pure. */
export function previewOf(work: Work, found: readonly BlobFound[]): readonly TaskPreview[] {
  return [
    ...('jobManager' in work
      ? [
          {
            id: JOB_MANAGER_ID,
            command: work.jobManager.command,
            about: 'runs when the job has been created',
          },
        ]
      : []),
    ...tasksOf(work, found),
    ...('merge' in work && work.merge !== undefined
      ? [
          {
            id: MERGE_ID,
            command: work.merge.command,
            about: 'runs when all other tasks have ended',
          },
        ]
      : []),
  ];
}

function tasksOf(work: Work, found: readonly BlobFound[]): readonly TaskPreview[] {
  if (work.kind === 'whole') return [];
  if (work.kind === 'split') {
    return [
      {
        id: '(from the manifest)',
        command: work.task.command,
        about: 'defined by the job manager',
      },
    ];
  }
  const size = chunkSizeOf(work);
  const units = unitsOf(work, found, PREVIEW_LIMIT * size);
  if (size === 1) return units;
  return Array.from({ length: Math.ceil(units.length / size) }, (_, index) => {
    const chunk = units.slice(index * size, (index + 1) * size);
    const [first] = chunk;
    return {
      id: chunkId(index),
      command: first?.command ?? '',
      about: `${first?.about ?? ''}${chunk.length > 1 ? ` and ${chunk.length - 1} more` : ''}`,
    };
  });
}

function unitsOf(
  work: Exclude<Work, { kind: 'whole' | 'split' }>,
  found: readonly BlobFound[],
  atMost: number,
): readonly TaskPreview[] {
  switch (work.kind) {
    case 'perBlob':
      return found.slice(0, atMost).map(({ name }) => ({
        id: idFromText(name),
        command: work.task.command,
        about: name,
      }));
    case 'sweep':
      return Array.from({ length: Math.min(atMost, combinationsIn(work)) }, (_, index) => {
        const text = formatCombination(combinationAt(work, index));
        return { id: idFromText(text), command: work.task.command, about: text };
      });
    case 'tasks':
      return work.tasks.slice(0, atMost).map(({ id, after, task }) => ({
        id,
        command: (task ?? work.task)?.command ?? '',
        about: after.length === 0 ? 'no dependencies' : `depends on ${after.join(', ')}`,
      }));
  }
}
