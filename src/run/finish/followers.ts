import type { Follower, Occurrence } from '../run';
import { predecessorOf } from '../../workload/after-schema';
import type { Workloads } from '../../workload/workload';

/** Names of the workloads that start when a run of this workload succeeds. */
export function followersOf(workloads: Workloads, name: string): readonly string[] {
  return [...workloads.values()]
    .filter((workload) => predecessorOf(workload) === name)
    .map((follower) => follower.name);
}

/** Starts the follower runs. Implemented in triggers/follow.ts, because it needs the Durable client. */
export type StartFollowers = (input: {
  readonly occurrence: Extract<Occurrence, { kind: 'after' }>;
  readonly workloads: readonly string[];
}) => Promise<readonly Follower[]>;

/** Starts what waited for the end of a run. Implemented in functions.ts, for the same reason. */
export type AdmitWaiting = (input: Readonly<Record<string, never>>) => Promise<null>;
