import type { AppLimits } from '../ledger/admission';

/** The assumptions of a rehearsal, for its reader. */
export interface Assumptions {
  /** The zone of the calendar. */
  readonly zone: string;
  readonly workloads: readonly WorkloadAssumption[];
  readonly limits: AppLimits;
  /** Such as `40 nodes`; null where none is known. */
  readonly quota: string | null;
  /** Sentences on what else is assumed. */
  readonly notes: readonly string[];
}

export interface WorkloadAssumption {
  readonly workload: string;
  /** The triggers of its runs. */
  readonly starts: readonly string[];
  readonly overlap: string;
  /** The duration of its tasks, with the source of that; null for a workload that is not played. */
  readonly work: string | null;
}
