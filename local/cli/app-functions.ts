/** The app's functions, as its host lists them: their containers, and the due times of timers. */

export interface AppFunction {
  readonly name: string;
  readonly config: { readonly bindings: readonly Binding[] };
  /** Of timers, where the host is the local one. */
  readonly nextDue?: string;
}

interface Binding {
  readonly type: string;
  readonly path?: string;
}

/** `GET /admin/functions`, which the local host and Core Tools answer. */
export async function listFunctions(appUrl: string): Promise<readonly AppFunction[]> {
  const response = await fetch(`${appUrl}/admin/functions`);
  if (!response.ok) throw new Error(`${appUrl}/admin/functions returned ${response.status}`);
  return (await response.json()) as readonly AppFunction[];
}

export interface BlobTrigger {
  readonly container: string;
  /** The workload, by the app's convention for names of functions. */
  readonly workload: string;
}

export function blobTriggers(functions: readonly AppFunction[]): readonly BlobTrigger[] {
  return functions.flatMap(({ name, config }) =>
    config.bindings
      .filter(({ type, path }) => type.toLowerCase() === 'blobtrigger' && path !== undefined)
      .map(({ path = '' }) => ({
        container: path.split('/')[0] ?? '',
        workload: name.replace(/-blob$/, ''),
      })),
  );
}

export interface Due {
  readonly workload: string;
  readonly at: string;
}

/** Next due times of the workloads' schedules, the earliest first. */
export function dueTimes(functions: readonly AppFunction[]): readonly Due[] {
  return functions
    .flatMap(({ name, nextDue }) =>
      nextDue !== undefined && name.endsWith('-timer')
        ? [{ workload: name.slice(0, -'-timer'.length), at: nextDue }]
        : [],
    )
    .sort((one, other) => one.at.localeCompare(other.at));
}
