import { credentialMinutes } from '../plan';
import type { Files } from '../ports';
import type { RunPlan } from '../run';
import type { Workload } from '../../workload/workload';
import { INPUT_LIST, stagedPackage } from '../names';
import { deliveredPackages, type DeliveredPackage } from './packages';
import { programsOf, secretsOf } from '../../workload/programs';

/** SAS URLs of the run's containers, created once for all tasks of a step. */
export interface Access {
  readonly program: (name: string) => string;
  readonly secret: (name: string) => string;
  readonly input: (file: string) => string;
  /** Reads and lists the staging container. */
  readonly staging: string;
  /** Reads and lists the output container. */
  readonly outputs: string;
  /** Reads and lists a container of shared data. */
  readonly shared: (container: string) => string;
  /** Writes to the output container. */
  readonly upload: string;
  /** Packages that the app delivers; none where Batch delivers them. */
  readonly packages: readonly DeliveredPackage[];
}

/** Creates the URLs through which nodes access the run's containers until after the deadline. */
export async function openAccess(
  files: Files,
  workload: Workload,
  plan: RunPlan,
  now: string,
): Promise<Access> {
  const minutes = credentialMinutes(plan, now);
  const { stagingContainer, outputContainer } = plan;
  const packages = await deliveredPackages(files, workload, plan);
  const staged = new Map<string, string>();
  for (const path of [...stagedPaths(workload), ...packages.map((_, at) => stagedPackage(at))]) {
    staged.set(path, await files.readUrl(stagingContainer, path, minutes));
  }
  const shared = new Map<string, string>();
  for (const { container } of workload.shared) {
    shared.set(container, await files.readUrl(container, null, minutes));
  }
  return {
    program: (name) => requireUrl(staged, `programs/${name}`),
    secret: (name) => requireUrl(staged, `secrets/${name}`),
    input: (file) => requireUrl(staged, file),
    staging: await files.readUrl(stagingContainer, null, minutes),
    outputs: await files.readUrl(outputContainer, null, minutes),
    shared: (container) => requireUrl(shared, container),
    upload: await files.writeUrl(outputContainer, minutes),
    packages,
  };
}

/** Staged blobs that get a URL of their own. */
function stagedPaths(workload: Workload): string[] {
  return [
    ...programsOf(workload).map((name) => `programs/${name}`),
    ...secretsOf(workload).map((name) => `secrets/${name}`),
    INPUT_LIST,
  ];
}

function requireUrl(urls: ReadonlyMap<string, string>, path: string): string {
  const url = urls.get(path);
  if (url === undefined) throw new Error(`no URL was created for ${path}`);
  return url;
}
