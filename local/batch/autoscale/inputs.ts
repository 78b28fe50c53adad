/** The series that Batch samples for a pool, with their names in formulas. */
export const sampledVariables = [
  '$ActiveTasks',
  '$RunningTasks',
  '$PendingTasks',
  '$SucceededTasks',
  '$FailedTasks',
  '$CPUPercent',
  '$PreemptedNodeCount',
  '$UsableNodeCount',
  // Retired: still part of the language, but without samples.
  '$WallClockSeconds',
  '$MemoryBytes',
  '$DiskBytes',
  '$DiskReadBytes',
  '$DiskWriteBytes',
  '$DiskReadOps',
  '$DiskWriteOps',
  '$NetworkInBytes',
  '$NetworkOutBytes',
  '$SampleNodeCount',
] as const;

export type SampledVariable = (typeof sampledVariables)[number];

/** Period of the samples of every series. */
export const SAMPLE_PERIOD_MS = 30_000;

export interface Sample {
  /** Unix milliseconds. */
  readonly at: number;
  readonly value: number;
}

/** Everything that an evaluation depends on: the time, randomness, the pool and its samples. */
export interface AutoscaleInputs {
  readonly now: Date;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly taskSlotsPerNode: number;
  readonly currentDedicatedNodes: number;
  readonly currentLowPriorityNodes: number;
  readonly targetDedicatedNodes: number;
  readonly targetLowPriorityNodes: number;
  /** The samples visible at `now`, oldest first. */
  readonly samples: (variable: SampledVariable) => readonly Sample[];
  /**
   * The percentage that `GetSample` of a window requires if the formula names none. Default: 0.
   *
   * Unconfirmed: the documentation names no such minimum, but the service once refused
   * `avg($PendingTasks.GetSample(sli))` with `wanted 70%, received 0%`
   * (https://github.com/Azure/batch-shipyard/issues/138). A formula that names its percentage,
   * `GetSample(window, 0)`, does not depend on this.
   */
  readonly defaultSamplePercent?: number;
}

export const nodeDeallocationOptions = [
  'requeue',
  'terminate',
  'taskcompletion',
  'retaineddata',
] as const;

export type NodeDeallocationOption = (typeof nodeDeallocationOptions)[number];
