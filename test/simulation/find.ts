import { drawWorld } from '../../src/rehearse/world';
import { violationsOf } from './shrink';

export interface Found {
  readonly seed: number;
  readonly id: string;
  readonly detail: string;
}

/** The first world that breaks an invariant, from seed 1 on; null when none of them does. */
export async function find(seeds: number): Promise<Found | null> {
  for (let seed = 1; seed <= seeds; seed++) {
    const { violations } = await violationsOf(drawWorld(seed));
    const [first] = violations;
    if (first !== undefined) return { seed, id: first.id, detail: first.details[0] ?? '' };
  }
  return null;
}
