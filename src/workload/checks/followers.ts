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
      () => checkPreviousOutputs(workload, workloads),
    ];
    for (const check of checks) {
      for (const error of whereValid(check)) yield [name, error];
    }
  }
}

function* checkExists(
  { triggers }: Workload,
  declared: ReadonlySet<string | undefined>,
): Generator<FieldError> {
  const { after } = triggers;
  if (after === undefined || declared.has(after)) return;
  yield { path: ['triggers', 'after'], message: `no workload is called ${after}` };
}

function* checkCycle(
  name: string,
  workloads: Workloads,
  inReportedCycle: Set<string>,
): Generator<FieldError> {
  if (inReportedCycle.has(name)) return;
  const cycle = cycleFrom(name, workloads);
  for (const member of cycle) inReportedCycle.add(member);
  if (cycle.length === 0) return;
  yield {
    path: ['triggers', 'after'],
    message: `would start itself forever: ${cycle.join(' after ')}`,
  };
}

/** The names along a cycle through this workload; empty when there is none. */
function cycleFrom(name: string, workloads: Workloads): readonly string[] {
  const path = [name];
  for (let at = workloads.get(name)?.triggers.after; at !== undefined;) {
    path.push(at);
    if (at === name) return path;
    // Another cycle further on, which is reported for its own members.
    if (path.indexOf(at) < path.length - 1) return [];
    at = workloads.get(at)?.triggers.after;
  }
  return [];
}

function* checkPreviousOutputs(
  { triggers, inputs }: Workload,
  workloads: Workloads,
): Generator<FieldError> {
  const { after } = triggers;
  if (after === undefined || inputs?.from !== 'previous') return;
  if (workloads.get(after)?.keepOutputsDays !== 0) return;
  yield {
    path: ['inputs', 'from'],
    message: `the outputs of ${after} are deleted when its run ends; raise its keepOutputsDays`,
  };
}
