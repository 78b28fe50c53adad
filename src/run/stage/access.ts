import { credentialMinutes } from '../plan';
import type { Files } from '../ports';
import type { RunPlan } from '../run';
import type { Workload } from '../../workload/workload';
import { INPUT_LIST } from '../names';
import { programsOf, secretsOf } from '../../workload/programs';

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
  const single = (path: string): string => requireUrl(singles, path);
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
    shared: (container) => requireUrl(shared, container),
    upload: await files.writeUrl(outputContainer, minutes),
  };
}

function requireUrl(opened: ReadonlyMap<string, string>, what: string): string {
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

/** Task templates and manifest lines, turned into the tasks that Batch is given. Pure. */

/** URLs of the run's containers, minted once for many tasks. */
export interface Access {
  readonly program: (name: string) => string;
  readonly secret: (name: string) => string;
  readonly input: (file: string) => string;
  /** Reads and lists the staging container. */
  readonly staging: string;
  /** Reads and lists the output container. */
  readonly outputs: string;
  /** Reads and lists a container of reference data. */
  readonly shared: (container: string) => string;
  /** Writes to the output container. */
  readonly upload: string;
}
