import { groupOf, predecessorsOf } from '../after-schema';
import { whereValid } from '../partly-valid';
import type { FieldError } from '../validation';
import type { Workload, Workloads } from '../workload';

/**
 * Workloads that follow one another: each must exist, and none may start itself through others.
 * `declared` are the names of all declarations, including those with validation errors.
 */
export function* checkFollowers(
  workloads: Workloads,
  declared: ReadonlySet<string | undefined>,
): Generator<readonly [string, FieldError]> {
  const inReportedCycle = new Set<string>();
  for (const [name, workload] of workloads) {
    const checks = [
      () => checkExists(workload, declared),
      () => checkCycle(name, workloads, inReportedCycle),
      () => checkGroup(workload, workloads),
      () => checkPreviousOutputs(workload, workloads),
    ];
    for (const check of checks) {
      for (const error of whereValid(check)) yield [name, error];
    }
  }
}

function* checkExists(
  workload: Workload,
  declared: ReadonlySet<string | undefined>,
): Generator<FieldError> {
  for (const name of predecessorsOf(workload)) {
    if (!declared.has(name)) yield afterError(`no workload is called ${name}`);
  }
}

function afterError(message: string): FieldError {
  return { path: ['triggers', 'after'], message };
}

function* checkCycle(
  name: string,
  workloads: Workloads,
  inReportedCycle: Set<string>,
): Generator<FieldError> {
  if (inReportedCycle.has(name)) return;
  const cycle = cycleFrom(name, workloads);
  for (const member of cycle) inReportedCycle.add(member);
  if (cycle.length > 0) yield afterError(`would start itself forever: ${cycle.join(' after ')}`);
}

/**
 * The names along the shortest cycle through this workload; empty when there is none. Another cycle
 * further on is reported for its own members.
 */
function cycleFrom(name: string, workloads: Workloads): readonly string[] {
  const seen = new Set<string>();
  let paths: readonly (readonly string[])[] = [[name]];
  while (paths.length > 0) {
    const longer = paths.flatMap((path) => continued(path, workloads));
    const cycle = longer.find((path) => path.at(-1) === name);
    if (cycle !== undefined) return cycle;
    paths = longer.filter((path) => !seen.has(path.at(-1) ?? ''));
    for (const path of paths) seen.add(path.at(-1) ?? '');
  }
  return [];
}

/** A path with each workload that its last one follows. */
function continued(path: readonly string[], workloads: Workloads): readonly (readonly string[])[] {
  const last = workloads.get(path.at(-1) ?? '');
  // A declaration that is only valid in part may have no triggers.
  if (last?.triggers === undefined) return [];
  return predecessorsOf(last).map((name) => [...path, name]);
}

/** Runs that wait for several are of a due time, so each of those needs due times. */
function* checkGroup(workload: Workload, workloads: Workloads): Generator<FieldError> {
  const all = groupOf(workload)?.all ?? [];
  const repeated = all.find((name, index) => all.indexOf(name) < index);
  if (repeated !== undefined) yield afterError(`${repeated} is named twice`);
  for (const name of all) {
    const other = workloads.get(name);
    if (other === undefined || other.triggers.schedule !== undefined || groupOf(other) !== null) {
      continue;
    }
    yield afterError(
      `${name} has no schedule, and a run that waits for several is of a due time that they have in common; give ${name} a schedule, or follow it alone: after: '${name}'`,
    );
  }
}

function* checkPreviousOutputs(workload: Workload, workloads: Workloads): Generator<FieldError> {
  if (workload.inputs?.from !== 'previous') return;
  for (const name of predecessorsOf(workload)) {
    if (workloads.get(name)?.keepOutputsDays !== 0) continue;
    yield {
      path: ['inputs', 'from'],
      message: `the outputs of ${name} are deleted when its run ends; raise its keepOutputsDays`,
    };
  }
}
