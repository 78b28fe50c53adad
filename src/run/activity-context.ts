import { Failure } from '../failure';
import type { Owner, Ports } from './ports';
import type { RunPlan } from './run';
import type { Workload, Workloads } from '../workload/workload';

/** The ports and declarations that every activity uses. */
export interface ActivityContext extends Ports {
  readonly workloads: Workloads;
  /** Folder of the compiled workloads; a program is at `<folder>/<workload>/programs/<file>`. */
  readonly programsFolder: string;
}

export function workloadOf(workloads: Workloads, plan: RunPlan): Workload {
  const workload = workloads.get(plan.workload);
  if (workload === undefined) {
    throw new Failure('unknownWorkload', `no workload is called ${plan.workload}`);
  }
  return workload;
}

export function ownerOf(plan: RunPlan): Owner {
  return { runId: plan.runId, workload: plan.workload };
}

/** Ownership metadata of the run's containers. */
export function labelsOf({ runId, workload }: Owner): Readonly<Record<string, string>> {
  return { [RUN_LABEL]: runId, [WORKLOAD_LABEL]: workload };
}

/** Container metadata names must be C# identifiers, so they have no hyphens. */
export const RUN_LABEL = 'nightshiftrun';
const WORKLOAD_LABEL = 'nightshiftworkload';
