import type { Outcome } from '../run';
import type { Workload } from '../../workload/workload';

/** How long what a run leaves is kept, in days from its end. Nothing is kept for ever. */
export interface Retention {
  /** Everything in the output container but the logs. */
  readonly outputsDays: number;
  readonly logsDays: number;
  readonly recordDays: number;
}

export const DEFAULT_OUTPUT_DAYS = 30;

/** A record is there for as long as what it tells of. */
export function retentionOf(workload: Workload, outcome: Outcome['kind']): Retention {
  const { keepOutputsDays, keepLogsDays = keepOutputsDays, keepRecordsDays } = workload;
  const atLeast = outcome === 'succeeded' ? 0 : (workload.keepFailedDays ?? 0);
  const outputsDays = Math.max(keepOutputsDays, atLeast);
  const logsDays = Math.max(keepLogsDays, atLeast);
  return { outputsDays, logsDays, recordDays: Math.max(keepRecordsDays, outputsDays, logsDays) };
}

/** After this long nothing of any run of a workload is left. */
export function longestOf(workload: Workload): Retention {
  return retentionOf(workload, 'failed');
}
