import { drawWorld } from '../../src/rehearse/world';
import { rowsFor, violationsOf } from './shrink';

/** Plays worlds from seed 1 on until one breaks an invariant, and sends which. */
async function find(seeds: number): Promise<void> {
  for (let seed = 1; seed <= seeds; seed++) {
    const [first] = await violationsOf(drawWorld(seed), rowsFor(false));
    if (first === undefined) continue;
    process.send?.({ seed, id: first.id, detail: first.details[0] ?? '' });
    return;
  }
  process.send?.({ seed: null });
}

void find(Number(process.argv[2] ?? 1));
