/** How long what Azure takes minutes for takes here, in seconds of clock time. */
export interface Pace {
  /** From a resize to the machines. */
  readonly allocationSeconds: number;
  /** A node in `creating`. */
  readonly bootSeconds: number;
  /** A node in `starting`, before its start task. */
  readonly agentSeconds: number;
  /** A node in `leavingpool`. */
  readonly leavingSeconds: number;
  /** From an eviction to the machine's return. */
  readonly restoreSeconds: number;
  /** A job or a pool that is ending. */
  readonly settleSeconds: number;
  /** Evictions of each Spot node in an hour, on average. */
  readonly evictionsPerNodeHour: number;
}

/** Quick, but every state can be seen. */
export const quickPace: Pace = {
  allocationSeconds: 2,
  bootSeconds: 2,
  agentSeconds: 1,
  leavingSeconds: 1,
  restoreSeconds: 30,
  settleSeconds: 1,
  evictionsPerNodeHour: 0,
};

/** What the limits of an account are. Azure's own defaults vary, and new accounts may have none. */
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
