/** The series that Batch samples for a pool, by the names that formulas use. */
export const sampledVariables = [
  '$ActiveTasks',
  '$RunningTasks',
  '$PendingTasks',
  '$SucceededTasks',
  '$FailedTasks',
  '$CPUPercent',
  '$PreemptedNodeCount',
  '$UsableNodeCount',
  // Retired: still words of the language, but nothing fills them any more.
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

/** Batch takes a sample of every series this often. */
export const SAMPLE_PERIOD_MS = 30_000;

export interface Sample {
  /** Unix milliseconds. */
  readonly at: number;
  readonly value: number;
}

/** What one evaluation knows of the world: the time, chance, the pool and its samples. */
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
   * What `GetSample` of a window asks for when the formula names no percentage; 0 without this.
   * Unconfirmed: the documentation names no such minimum, but the service once refused
   * `avg($PendingTasks.GetSample(sli))` with `wanted 70%, received 0%`
   * (https://github.com/Azure/batch-shipyard/issues/138). A formula that names its percentage,
   * `GetSample(window, 0)`, means the same either way.
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
