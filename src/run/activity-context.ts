import { Failure } from '../failure';
import type { Owner, Ports } from './ports';
import type { RunPlan } from './run';
import type { Workload, Workloads } from '../workload/workload';

/** What an activity works with. */
export interface ActivityContext extends Ports {
  readonly workloads: Workloads;
  /** The folder of the compiled workloads: `<folder>/<workload>/programs/<file>`. */
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

/** What tells the containers of a run from others, in the form container metadata allows. */
export const RUN_LABEL = 'nightshiftrun';

const WORKLOAD_LABEL = 'nightshiftworkload';

export function labelsOf({ runId, workload }: Owner): Readonly<Record<string, string>> {
  return { [RUN_LABEL]: runId, [WORKLOAD_LABEL]: workload };
}
