import { drawWorld, type WorldPlan } from '../../src/rehearse/world';
import { play } from '../../src/rehearse/play';
import type { Fault } from '../../src/rehearse/faults';
import { invariants, violationsIn, type Invariant, type Violation } from './invariants';

/** Plays a plan and says what it broke; a world that cannot be played breaks a row of its own. */
export async function violationsOf(
  plan: WorldPlan,
  rows?: readonly Invariant[],
): Promise<Violation[]> {
  try {
    return violationsIn(await play(plan), rows === undefined ? undefined : [...rows]);
  } catch (error) {
    const details = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    return [{ id: 'driver', name: 'the world can be played', details }];
  }
}

export function rowsFor(all: boolean): readonly Invariant[] {
  return invariants.filter(({ holds }) => all || holds);
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
  seed: number,
  id: string,
  rows: readonly Invariant[],
): Promise<Shrunk> {
  let plan = drawWorld(seed);
  let violations: readonly Violation[] = await violationsOf(plan, rows);
  const attempt = async (smaller: WorldPlan): Promise<void> => {
    const found = await violationsOf(smaller, rows);
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

function withoutOccurrence(plan: WorldPlan, index: number): WorldPlan {
  const faults = plan.faults.flatMap((fault): readonly Fault[] => {
    if (!('occurrence' in fault)) return [fault];
    if (fault.occurrence === index) return [];
    return [fault.occurrence < index ? fault : { ...fault, occurrence: fault.occurrence - 1 }];
  });
  return { ...plan, faults, occurrences: plan.occurrences.filter((_, at) => at !== index) };
}
