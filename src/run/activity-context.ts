import { Failure } from '../failure';
import { ofDueTime } from './stage/due-time';
import type { Owner, Ports, RunLedger } from './ports';
import type { RunPlan } from './run';
import type { Workload, Workloads } from '../workload/workload';

/** The ports and declarations that every activity uses. */
export interface ActivityContext extends Ports {
  readonly ledger: RunLedger;
  readonly workloads: Workloads;
  /** Folder of the compiled workloads; a program is at `<folder>/<workload>/programs/<file>`. */
  readonly programsFolder: string;
  /** Writes a line to the log of the invocation. */
  readonly warn: (message: string) => void;
}

/** The declaration of a run's workload, as of its due time. @throws Failure unknownWorkload */
export function workloadOf(workloads: Workloads, plan: RunPlan): Workload {
  const workload = workloads.get(plan.workload);
  if (workload === undefined) {
    throw new Failure('unknownWorkload', `no workload is called ${plan.workload}`);
  }
  return ofDueTime(workload, plan);
}

export function ownerOf(plan: RunPlan): Owner {
  return { owner: plan.owner, runId: plan.runId, workload: plan.workload };
}

/** Ownership metadata of the run's containers. */
export function labelsOf({ owner, runId, workload }: Owner): Readonly<Record<string, string>> {
  // What has no mark of an app has no label of an owner either.
  const mark = owner === '' ? {} : { [OWNER_LABEL]: owner };
  return { ...mark, [RUN_LABEL]: runId, [WORKLOAD_LABEL]: workload };
}

/** True for a container that carries these labels, whatever other ones it has. */
export function hasLabels(
  container: { readonly labels: Readonly<Record<string, string>> },
  labels: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(labels).every(([name, value]) => container.labels[name] === value);
}

/** Container metadata names must be C# identifiers, so they have no hyphens. */
export const OWNER_LABEL = 'nightshiftowner';
export const RUN_LABEL = 'nightshiftrun';
const WORKLOAD_LABEL = 'nightshiftworkload';
