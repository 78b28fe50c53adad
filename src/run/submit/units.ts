import { Failure } from '../../failure';
import type { RunPlan } from '../run';
import { stagedInputs, type StagedInput } from '../stage/stage';
import { combinationAt, combinationsIn, formatCombination } from '../../workload/sweep';
import { linesOf } from './lines';
import { readManifest } from './tasks';
import type { TaskTemplate } from '../../workload/task-schema';
import type { Work, WorkOf } from '../../workload/work-schema';
import { idFromText, MANIFEST } from '../names';
import type { ActivityContext } from '../activity-context';

/** The smallest piece of work: one task, or one part of a chunk. */
export interface Unit {
  readonly id: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Paths of the unit's own inputs, below the working directory. */
  readonly files?: readonly string[];
  readonly after?: readonly string[];
  readonly affinityId?: string | undefined;
  /** Overrides the task template of the work. */
  readonly template?: TaskTemplate | undefined;
}

/** The units of a run in a stable order, built on demand. */
export interface Units {
  readonly count: number;
  at(index: number): Unit;
}

export async function unitsOf(context: ActivityContext, work: Work, plan: RunPlan): Promise<Units> {
  switch (work.kind) {
    case 'whole':
      return unitList([]);
    case 'split':
      return unitList(await manifestOf(context, work, plan));
    case 'perBlob':
      return unitList(((await stagedInputs(context, plan)) ?? []).map(unitOfBlob));
    case 'sweep':
      return { count: combinationsIn(work), at: (index) => unitOfSweep(work, index) };
    case 'tasks':
      return unitList(
        work.tasks.map(({ task, ...unit }) => ({ ...unit, template: task ?? work.task })),
      );
  }
}

function unitList(units: readonly Unit[]): Units {
  return {
    count: units.length,
    at: (index) => {
      const unit = units[index];
      if (unit === undefined) throw new Error(`unit ${index} of ${units.length} does not exist`);
      return unit;
    },
  };
}

/** Enough for 100,000 lines of 300 characters. */
const MAX_MANIFEST_BYTES = 32 * 1024 ** 2;

async function manifestOf(
  { files }: ActivityContext,
  { maxTasks, chunk }: WorkOf<'split'>,
  plan: RunPlan,
): Promise<readonly Unit[]> {
  const chunks = await files.readChunks(plan.outputContainer, MANIFEST, MAX_MANIFEST_BYTES);
  if (chunks === null) {
    throw new Failure(
      'manifestRefused',
      'the job manager succeeded but wrote no outputs/tasks.jsonl',
    );
  }
  return readManifest(linesOf(chunks), maxTasks * chunk);
}

/** The untrusted blob name is passed only as a variable; the file has a generated name. */
function unitOfBlob({ file, name }: StagedInput): Unit {
  const environment = { INPUT_FILE: file, INPUT_NAME: name };
  return { id: idFromText(name), environment, files: [file] };
}

function unitOfSweep(sweep: WorkOf<'sweep'>, index: number): Unit {
  const environment = combinationAt(sweep, index);
  return { id: idFromText(formatCombination(environment)), environment };
}
