import type { Workload, Workloads } from '../workload';
import type { FieldError } from '../validation';

/** What would start a run that cannot succeed, or never stop starting runs. */
export function* checkTriggers(workload: Workload): Generator<FieldError> {
  const { triggers, inputs } = workload;
  if (triggers.blob !== undefined) yield* checkBlobTrigger(triggers.blob, inputs);
  if (inputs?.from === 'previous') yield* checkPrevious(triggers);
  const isTriggered = Object.values(triggers).some((trigger) => trigger !== undefined);
  if (isTriggered) yield* checkParameters(workload);
}

/** What starts a run must be among what the run takes. */
function* checkBlobTrigger(
  blob: NonNullable<Workload['triggers']['blob']>,
  inputs: Workload['inputs'],
): Generator<FieldError> {
  if (inputs?.from !== 'container' || inputs.container !== blob.container) {
    yield {
      path: ['inputs', 'container'],
      message: `must be "${blob.container}", the container of the blob trigger`,
    };
    return;
  }
  const taken = (ending: string) =>
    inputs.endsWith.some((end) => ending.toLowerCase().endsWith(end.toLowerCase()));
  const endings = blob.endsWith.length === 0 ? [''] : blob.endsWith;
  const refused = endings.filter((ending) => !taken(ending));
  if (inputs.endsWith.length === 0 || refused.length === 0) return;
  yield {
    path: ['inputs', 'endsWith'],
    message: `does not take what the blob trigger starts a run for (${refused.map((ending) => (ending === '' ? 'every blob' : ending)).join(', ')}); list it in both or in neither`,
  };
}

function* checkPrevious(triggers: Workload['triggers']): Generator<FieldError> {
  if (triggers.after === undefined) {
    yield {
      path: ['inputs', 'from'],
      message:
        '"previous" means the run that this one follows; name its workload in triggers.after',
    };
  }
  if (triggers.schedule === undefined) return;
  yield {
    path: ['triggers', 'schedule'],
    message: 'a run that a schedule starts follows none, whose outputs it could take',
  };
}

/** A trigger has no parameters to give. */
function* checkParameters({ parameters }: Workload): Generator<FieldError> {
  const checked = parameters.safeParse({});
  if (checked.success) return;
  for (const name of new Set(checked.error.issues.map(({ path }) => String(path[0])))) {
    yield {
      path: ['parameters', name],
      message: 'has no default, which a run that a trigger starts would need',
    };
  }
}

/**
 * Workloads that follow one another: each must be there, and none may in the end start itself.
 * `declared` are all names, also of declarations that have other mistakes.
 */
export function* checkFollowers(
  workloads: Workloads,
  declared: ReadonlySet<string | undefined>,
): Generator<readonly [string, FieldError]> {
  const told = new Set<string>();
  for (const { name, triggers, inputs } of workloads.values()) {
    const { after } = triggers;
    if (after === undefined) continue;
    const path = ['triggers', 'after'];
    if (!declared.has(after)) yield [name, { path, message: `no workload is called ${after}` }];
    const circle = told.has(name) ? [] : circleFrom(name, workloads);
    for (const member of circle) told.add(member);
    if (circle.length > 0) {
      const message = `would start itself for ever: ${circle.join(' after ')}`;
      yield [name, { path, message }];
    }
    if (inputs?.from === 'previous' && workloads.get(after)?.keepOutputsDays === 0) {
      const message = `the outputs of ${after} are gone when it ends; raise its keepOutputsDays`;
      yield [name, { path: ['inputs', 'from'], message }];
    }
  }
}

/** The names along a circle through this one, or none. */
function circleFrom(name: string, workloads: Workloads): readonly string[] {
  const path = [name];
  for (let at = workloads.get(name)?.triggers.after; at !== undefined;) {
    path.push(at);
    if (at === name) return path;
    // Another circle further on, which its own members tell of.
    if (path.indexOf(at) < path.length - 1) return [];
    at = workloads.get(at)?.triggers.after;
  }
  return [];
}
