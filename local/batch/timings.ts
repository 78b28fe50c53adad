/** Durations in seconds of clock time; in Azure most of them are minutes. */
export interface Timings {
  /** From a resize to the allocation of its machines. */
  readonly allocationSeconds: number;
  /** Time of a node in `creating`. */
  readonly bootSeconds: number;
  /** Time of a node in `starting`, before its start task. */
  readonly agentSeconds: number;
  /** Time of a node in `leavingpool`. */
  readonly leavingSeconds: number;
  /** From an eviction to the machine's return. */
  readonly restoreSeconds: number;
  /** Time of a job or a pool in its ending state. */
  readonly settleSeconds: number;
  /** Time in which a job without tasks does not complete, though all its tasks are complete. */
  readonly emptyJobSeconds: number;
  /** Average number of evictions of each Spot node in an hour. */
  readonly evictionsPerNodeHour: number;
}

/** Short, but long enough to see every state. */
export const quickTimings: Timings = {
  allocationSeconds: 2,
  bootSeconds: 2,
  agentSeconds: 1,
  leavingSeconds: 1,
  restoreSeconds: 30,
  settleSeconds: 1,
  emptyJobSeconds: 5,
  evictionsPerNodeHour: 0,
};

/** Limits of an account. Azure's own defaults vary, and new accounts may have none. */
export interface Quotas {
  readonly pools: number;
  readonly activeJobsAndSchedules: number;
  readonly dedicatedCores: number;
  readonly lowPriorityCores: number;
}

export const generousQuotas: Quotas = {
  pools: 100,
  activeJobsAndSchedules: 300,
  dedicatedCores: 1000,
  lowPriorityCores: 1000,
};

/** The machines that Azure has left. */
export interface Capacity {
  readonly nodes: number;
  /** `fail`: AllocationFailed at once; `timeout`: AllocationTimedout when the resize times out. */
  readonly whenOut: 'fail' | 'timeout';
}
