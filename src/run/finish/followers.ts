import type { Follower, Occurrence } from '../run';
import type { Workloads } from '../../workload/workload';

/** The names of workloads whose runs follow those of this one. */
export function followersOf(workloads: Workloads, name: string): readonly string[] {
  return [...workloads.values()]
    .filter(({ triggers }) => triggers.after === name)
    .map((follower) => follower.name);
}

/** What starts the runs that follow one that succeeded. `follow.ts` has it, at the app's own door. */
export type StartFollowers = (input: {
  readonly occurrence: Extract<Occurrence, { kind: 'after' }>;
  readonly workloads: readonly string[];
}) => Promise<readonly Follower[]>;
