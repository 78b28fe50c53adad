/** The app's functions, as its host lists them, with the containers of their blob triggers. */

export interface AppFunction {
  readonly name: string;
  readonly config: { readonly bindings: readonly Binding[] };
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
