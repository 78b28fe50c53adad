import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../failure';
import { credentialMinutes, INPUT_LIST } from '../plan';
import type { Files, Owner, Ports } from '../ports';
import type { RunPlan } from '../run';
import { CHECK_MOUNTS } from '../submit/preparation';
import type { Access } from '../submit/tasks';
import { templatesOf } from '../../workload/work-schema';
import type { Workload, Workloads } from '../../workload/workload';

/** What an activity works with. */
export interface Tools extends Ports {
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

/** Opens the run's two containers to its nodes, for as long as the run may last. */
export async function openAccess(
  files: Files,
  workload: Workload,
  plan: RunPlan,
  now: string,
): Promise<Access> {
  const minutes = credentialMinutes(plan, now);
  const { stagingContainer, outputContainer } = plan;
  const singles = new Map<string, string>();
  const single = (path: string): string => demand(singles, path);
  for (const path of stagedSingles(workload)) {
    singles.set(path, await files.readUrl(stagingContainer, path, minutes));
  }
  const shared = new Map<string, string>();
  for (const { container } of workload.shared) {
    shared.set(container, await files.readUrl(container, null, minutes));
  }
  return {
    program: (name) => single(`programs/${name}`),
    secret: (name) => single(`secrets/${name}`),
    input: (file) => single(file),
    staging: await files.readUrl(stagingContainer, null, minutes),
    outputs: await files.readUrl(outputContainer, null, minutes),
    shared: (container) => demand(shared, container),
    upload: await files.writeUrl(outputContainer, minutes),
  };
}

function demand(opened: ReadonlyMap<string, string>, what: string): string {
  const url = opened.get(what);
  if (url === undefined) throw new Error(`nothing was opened at ${what}`);
  return url;
}

/** The staged blobs that tasks are given one by one. */
function stagedSingles(workload: Workload): string[] {
  return [
    ...programsOf(workload).map((name) => `programs/${name}`),
    ...secretsOf(workload).map((name) => `secrets/${name}`),
    INPUT_LIST,
  ];
}

export function programsOf({ work, pool, prepare, release }: Workload): readonly string[] {
  const all = [
    ...templatesOf(work).flatMap(([, { programs }]) => programs),
    ...(pool.setup?.programs ?? []),
    ...(prepare?.programs ?? []),
    ...(release?.programs ?? []),
    ...(pool.mounts.length > 0 ? [CHECK_MOUNTS] : []),
  ];
  return [...new Set(all)];
}

/** What is staged for tasks to read as files. */
export function secretsOf({ work, prepare, release }: Workload): readonly string[] {
  const all = [
    ...templatesOf(work).flatMap(([, { secrets }]) => secrets),
    ...(prepare?.secrets ?? []),
    ...(release?.secrets ?? []),
  ];
  return [...new Set(all)];
}

/** What the app alone reads, when it makes a pool. */
export function registrySecretsOf({ pool }: Workload): readonly string[] {
  return [...new Set(pool.registries.map(({ secret }) => secret))];
}

/** A workload's own program, else the one of that name which all workloads share. */
export function programPath(folder: string, workload: string, program: string): string {
  const own = join(folder, workload, 'programs', program);
  return existsSync(own) ? own : join(folder, 'shared', program);
}
