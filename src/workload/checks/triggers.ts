import { isGiven, whereValid } from '../partly-valid';
import type { FieldError } from '../validation';
import type { Workload } from '../workload';

/** Triggers that would start runs which cannot succeed. */
export function* checkTriggers(workload: Workload): Generator<FieldError> {
  for (const check of triggerChecks) yield* whereValid(() => check(workload));
}

const triggerChecks: readonly ((workload: Workload) => Iterable<FieldError>)[] = [
  checkBlobTrigger,
  checkPrevious,
  checkDefaults,
];

/** A blob that starts a run must count among the inputs of the run. */
function* checkBlobTrigger({ triggers, inputs }: Workload): Generator<FieldError> {
  const { blob } = triggers;
  if (blob === undefined) return;
  if (inputs?.from !== 'container' || inputs.container !== blob.container) {
    yield {
      path: ['inputs', 'container'],
      message: `must be "${blob.container}", the container of the blob trigger`,
    };
    return;
  }
  const isInput = (ending: string) =>
    inputs.endsWith.some((end) => ending.toLowerCase().endsWith(end.toLowerCase()));
  const endings = blob.endsWith.length === 0 ? [''] : blob.endsWith;
  const excluded = endings.filter((ending) => !isInput(ending));
  if (inputs.endsWith.length === 0 || excluded.length === 0) return;
  const names = excluded.map((ending) => (ending === '' ? 'every blob' : ending));
  yield {
    path: ['inputs', 'endsWith'],
    message: `excludes blobs that the blob trigger starts a run for (${names.join(', ')}); list the same endings in both or in neither`,
  };
}

function* checkPrevious({ triggers, inputs }: Workload): Generator<FieldError> {
  if (inputs?.from !== 'previous') return;
  if (!isGiven(triggers, 'after')) {
    yield {
      path: ['inputs', 'from'],
      message:
        '"previous" means the run that this run follows; name its workload in triggers.after',
    };
  }
  if (!isGiven(triggers, 'schedule')) return;
  yield {
    path: ['triggers', 'schedule'],
    message:
      'a scheduled run follows no other run, so it has no previous outputs; leave out the schedule or inputs.from',
  };
}

/** Runs that a trigger starts have the default parameters. */
function* checkDefaults({ triggers, parameters }: Workload): Generator<FieldError> {
  const keys = ['schedule', 'blob', 'after'] as const;
  if (!keys.some((key) => isGiven(triggers, key))) return;
  const parsed = parameters.safeParse({});
  if (parsed.success) return;
  for (const name of new Set(parsed.error.issues.map(({ path }) => String(path[0])))) {
    yield {
      path: ['parameters', name],
      message: 'needs a default, since runs that a trigger starts are given no parameters',
    };
  }
}
