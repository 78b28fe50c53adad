import type { AppLimits } from '../ledger/admission';

/** What a rehearsal takes as given, for its reader. */
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
  /** What starts its runs. */
  readonly starts: readonly string[];
  readonly overlap: string;
  /** How long its tasks take, and where that is from; null for a workload that is not played. */
  readonly work: string | null;
}
