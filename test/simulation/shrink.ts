import type { OccurrencePlan, WorldPlan } from '../../src/rehearse/world';
import { play } from '../../src/rehearse/play';
import type { Fault } from '../../src/rehearse/faults';
import { violationsIn, type Invariant, type Violation } from './invariants';

export interface Judged {
  /** Number of runs that the apps of the world have started. */
  readonly runs: number;
  readonly violations: readonly Violation[];
}

/** Plays a plan and checks it; a world that cannot be played breaks a row of its own. */
export async function violationsOf(plan: WorldPlan, rows?: readonly Invariant[]): Promise<Judged> {
  try {
    const world = await play(plan);
    const runs = world.apps.reduce((sum, { started }) => sum + started.size, 0);
    return { runs, violations: violationsIn(world, rows) };
  } catch (error) {
    const details = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    return { runs: 0, violations: [{ id: 'driver', name: 'the world can be played', details }] };
  }
}

export interface Shrunk {
  readonly plan: WorldPlan;
  readonly violations: readonly Violation[];
}

/**
 * The same break of the same row with as few faults and occurrences as possible: each is left out
 * alone, and stays out when the row is broken all the same. Dropping an occurrence would shift the
 * numbers that faults know others by, so it is moved beyond the end of the world instead.
 */
export async function shrink(
  drawn: WorldPlan,
  id: string,
  rows?: readonly Invariant[],
): Promise<Shrunk> {
  let plan = drawn;
  let { violations } = await violationsOf(plan, rows);
  const attempt = async (smaller: WorldPlan): Promise<void> => {
    const { violations: found } = await violationsOf(smaller, rows);
    if (!found.some((one) => one.id === id)) return;
    plan = smaller;
    violations = found.filter((one) => one.id === id);
  };
  for (let index = plan.faults.length - 1; index >= 0; index--) {
    await attempt({ ...plan, faults: plan.faults.filter((_, at) => at !== index) });
  }
  for (let index = plan.occurrences.length - 1; index >= 0; index--) {
    await attempt(withoutOccurrence(plan, index));
  }
  await attempt({ ...plan, slowCalls: 0 });
  return { plan, violations };
}

/** The due times of a schedule go together with it: the reconciler knows them all. */
function withoutOccurrence(plan: WorldPlan, index: number): WorldPlan {
  const dropped = plan.occurrences[index];
  if (dropped === undefined) return plan;
  const isDropped = (one: OccurrencePlan) =>
    one === dropped ||
    (dropped.kind === 'schedule' && one.app === dropped.app && one.workload === dropped.workload);
  const kept = plan.occurrences.filter((one) => !isDropped(one));
  const faults = plan.faults.flatMap((fault): readonly Fault[] => {
    if (!('occurrence' in fault)) return [fault];
    const occurrence = kept.findIndex((one) => one === plan.occurrences[fault.occurrence]);
    return occurrence === -1 ? [] : [{ ...fault, occurrence }];
  });
  const apps = plan.apps.map((app) =>
    app.id === dropped.app ? { ...app, crons: without(app.crons, dropped.workload) } : app,
  );
  return { ...plan, apps, faults, occurrences: kept };
}

function without(
  crons: Readonly<Record<string, string>>,
  workload: string,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(crons).filter(([name]) => name !== workload));
}
