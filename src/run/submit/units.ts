import { Failure } from '../../failure';
import type { RunPlan } from '../run';
import { stagedInputs, type StagedInput } from '../stage/stage';
import { combinationAt, combinationsIn, formatCombination } from '../../workload/sweep';
import { readManifest } from './tasks';
import type { TaskTemplate } from '../../workload/task-schema';
import type { Work, WorkOf } from '../../workload/work-schema';
import { idFromText, MANIFEST } from '../names';
import type { ActivityContext } from '../activity-context';

/** A piece of work that can be a task of its own. */
export interface Unit {
  readonly id: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Inputs that are its own, below the working directory. */
  readonly files?: readonly string[];
  readonly after?: readonly string[];
  readonly affinityId?: string | undefined;
  /** Where it is of another kind than the others. */
  readonly template?: TaskTemplate | undefined;
}

/** The units of a run, in an order that never changes. They are made when asked for. */
export interface Units {
  readonly count: number;
  at(index: number): Unit;
}

export async function unitsOf(context: ActivityContext, work: Work, plan: RunPlan): Promise<Units> {
  switch (work.kind) {
    case 'whole':
      return listed([]);
    case 'split':
      return listed(await manifestOf(context, work, plan));
    case 'perBlob':
      return listed(((await stagedInputs(context, plan)) ?? []).map(unitOfBlob));
    case 'sweep':
      return { count: combinationsIn(work), at: (index) => unitOfSweep(work, index) };
    case 'tasks':
      return listed(
        work.tasks.map(({ task, ...unit }) => ({ ...unit, template: task ?? work.task })),
      );
  }
}

function listed(units: readonly Unit[]): Units {
  return {
    count: units.length,
    at: (index) => {
      const unit = units[index];
      if (unit === undefined) throw new Error(`there is no unit ${index} of ${units.length}`);
      return unit;
    },
  };
}

/** 100,000 lines of some 300 characters. */
const MAX_MANIFEST_BYTES = 32 * 1024 ** 2;

async function manifestOf(
  { files }: ActivityContext,
  { maxTasks, chunk }: WorkOf<'split'>,
  plan: RunPlan,
): Promise<readonly Unit[]> {
  const text = await files.readText(plan.outputContainer, MANIFEST, MAX_MANIFEST_BYTES);
  if (text === null) {
    throw new Failure(
      'manifestRefused',
      'the job manager ended well but wrote no outputs/tasks.jsonl',
    );
  }
  return readManifest(text, maxTasks * chunk);
}

/** The name travels as a variable, whatever it holds; the file has one of ours. */
function unitOfBlob({ file, name }: StagedInput): Unit {
  const environment = { INPUT_FILE: file, INPUT_NAME: name };
  return { id: idFromText(name), environment, files: [file] };
}

function unitOfSweep(sweep: WorkOf<'sweep'>, index: number): Unit {
  const environment = combinationAt(sweep, index);
  return { id: idFromText(formatCombination(environment)), environment };
}
