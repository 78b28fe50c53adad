import { drawWorld } from '../../src/rehearse/world';
import { violationsOf } from './shrink';

/** Worlds of one test file. Two files share the worlds of `npm test`, so that both cores play. */
export const WORLDS_PER_FILE = 1000;

/** For a busy machine: a file takes less than a minute of processor time. */
export const TIMEOUT_MS = 900_000;

/** Plays worlds and returns a line for each broken invariant, with the command that repeats it. */
export async function brokenIn(firstSeed: number): Promise<readonly string[]> {
  const broken: string[] = [];
  for (let seed = firstSeed; seed < firstSeed + WORLDS_PER_FILE; seed++) {
    for (const { id, name, details } of (await violationsOf(drawWorld(seed))).violations) {
      broken.push(`npm run simulate -- --seed ${seed}: ${id} (${name}): ${details.join('; ')}`);
    }
  }
  return broken;
}
