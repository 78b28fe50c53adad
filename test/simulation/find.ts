import type { WorldKind } from '../../src/rehearse/kinds';
import { drawWorld } from '../../src/rehearse/world';
import { violationsOf } from './shrink';

export interface Found {
  readonly seed: number;
  readonly id: string;
  readonly detail: string;
}

/** The first world that breaks an invariant, from seed 1 on; null when none of them does. */
export async function find(seeds: number, kind?: WorldKind): Promise<Found | null> {
  for (let seed = 1; seed <= seeds; seed++) {
    const broken = await breaks(seed, kind);
    if (broken !== null) return broken;
  }
  return null;
}

/** The first invariant that one world breaks. */
export async function breaks(seed: number, kind?: WorldKind): Promise<Found | null> {
  const [first] = (await violationsOf(drawWorld(seed, kind))).violations;
  return first === undefined ? null : { seed, id: first.id, detail: first.details[0] ?? '' };
}
