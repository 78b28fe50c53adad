import { z } from 'zod';
import type { Named } from './named';

const afterAllSchema = z.strictObject({
  /**
   * Names of 2 to 20 workloads that have a schedule, or wait for several themselves. A run starts for each due
   * time that they have in common, once each has ended.
   */
  all: z.array(z.string()).min(2).max(20),
  /**
   * Policy when one of them failed, timed out, or was cancelled, skipped or missed: `skip` records the run as
   * skipped, `run` starts it with the outputs of those that succeeded. Default: `skip`.
   */
  whenNotSucceeded: z.enum(['skip', 'run']).default('skip'),
});

/** Several workloads whose runs of one due time a run waits for. */
export interface AfterAllOptions extends z.input<typeof afterAllSchema>, Named {}
export interface AfterAll extends z.output<typeof afterAllSchema>, Named {}

export const afterField: z.ZodType<string | AfterAll, string | AfterAllOptions> = z.union([
  z.string(),
  afterAllSchema,
]);

interface Follower {
  readonly triggers: { readonly after?: string | AfterAll | undefined };
}

/** The workload each of whose successful runs starts a run of this one. */
export function predecessorOf({ triggers: { after } }: Follower): string | null {
  return typeof after === 'string' ? after : null;
}

/** The workloads whose runs of one due time this one waits for; null when it does not. */
export function groupOf({ triggers: { after } }: Follower): AfterAll | null {
  return typeof after === 'object' ? after : null;
}

/** All workloads that this one follows, in either way. */
export function predecessorsOf({ triggers: { after } }: Follower): readonly string[] {
  if (after === undefined) return [];
  return typeof after === 'string' ? [after] : after.all;
}
