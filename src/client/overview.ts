import type { Send } from './api';
import type { Budget, Spend } from './costs';
import type { Pause } from './pauses';
import type { RunStatus, RunSummary } from './runs';
import type { Schedule } from './workloads';

export interface NextDue {
  readonly at: string;
  /** The same in the zone of the schedule. */
  readonly local: string;
  readonly timeZone: string;
}

export interface ActiveRun {
  readonly runId: string;
  readonly status: 'queued' | 'running';
  readonly phase: string | null;
  /** One sentence on what the run does or waits for. */
  readonly sentence: string;
  /** `total` is null until the number of tasks is known. */
  readonly progress: { readonly done: number; readonly total: number | null };
  readonly nodes: number;
  readonly nodeMinutes: number;
  readonly attempt: number;
  readonly dueAt: string | null;
  readonly startedAt: string | null;
}

export interface PastRun {
  readonly runId: string;
  readonly status: RunStatus;
  readonly trigger: RunSummary['trigger'];
  readonly dueAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** From start to end; null for what did not start. */
  readonly minutes: number | null;
  readonly nodeMinutes: number;
  readonly cost: number | null;
  readonly attempt: number;
  readonly cause: RunSummary['cause'];
}

export interface Month extends Spend {
  readonly month: string;
  readonly budget: Budget | null;
}

export interface After {
  readonly workloads: readonly string[];
  readonly wait: 'each' | 'all';
  readonly whenNotSucceeded: 'skip' | 'run' | null;
  readonly nextDueAt: string | null;
}

export interface OverviewWorkload {
  readonly name: string;
  readonly description: string;
  readonly triggers: {
    readonly schedules: readonly Schedule[];
    readonly blobContainer: string | null;
    readonly after: After | null;
  };
  readonly nextDue: NextDue | null;
  readonly pause: Pause | null;
  readonly active: readonly ActiveRun[];
  /** The last 30 occurrences that are final, newest first. */
  readonly lastRuns: readonly PastRun[];
  readonly month: Month;
}

export interface Billing {
  /** `nothing`: no run is active, and Batch had no pool with nodes and no job of this app at `askedAt`. */
  readonly state: 'nothing' | 'billed' | 'unknown';
  readonly sentence: string;
  readonly askedAt: string | null;
  readonly askedBy: 'reconciler' | null;
  readonly runs: readonly {
    readonly runId: string;
    readonly workload: string;
    readonly nodes: number;
    readonly nodeMinutes: number;
    /** Null without a price. */
    readonly pricePerHour: number | null;
    readonly askedAt: string | null;
  }[];
  /** Pools with nodes that belong to no active run. */
  readonly pools: readonly {
    readonly id: string;
    readonly runId: string | null;
    /** Null where they were not counted. */
    readonly nodes: number | null;
    readonly reason: 'retained' | 'leftover';
  }[];
  readonly nodes: number;
  readonly pricePerHour: number | null;
}

export interface Attention {
  readonly kind: 'failing' | 'missed' | 'late' | 'waitingForCapacity' | 'budgetReached';
  readonly workload: string;
  readonly runId: string | null;
  readonly sentence: string;
  readonly at: string;
}

export interface OverviewView {
  readonly asOf: string;
  readonly app: { readonly name: string; readonly environment: string | null };
  readonly currency: string;
  readonly workloads: readonly OverviewWorkload[];
  readonly month: Month;
  readonly billing: Billing;
  readonly attention: readonly Attention[];
}

export interface WorkloadDetail {
  readonly name: string;
  readonly description: string;
  readonly overlap: 'forbid' | 'queue' | 'replace' | 'allow' | { readonly allow: number };
  /** JSON Schema of the parameters that a caller may set. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly schedules: readonly Schedule[];
  readonly blobContainer: string | null;
  readonly after: After | null;
  readonly pause: Pause | null;
  readonly asOf: string;
  readonly currency: string;
  /** The next five due times of all schedules. */
  readonly nextDue: readonly NextDue[];
  readonly active: readonly ActiveRun[];
  readonly lastRuns: readonly PastRun[];
  readonly month: Month;
  readonly declared: {
    readonly work: 'whole' | 'split' | 'perBlob' | 'sweep' | 'tasks';
    readonly vmSize: string | null;
    readonly existingPool: string | null;
    readonly maxNodes: number;
    readonly dedicatedNodes: number;
    readonly slotsPerNode: number;
    readonly deadlineMinutes: number;
    readonly startWithinMinutes: number;
    readonly keepOutputsDays: number;
    readonly inputContainer: string | null;
    readonly results: readonly string[];
    readonly price: { readonly spot: number; readonly dedicated: number } | null;
    readonly capCost: number | null;
  };
}

/** The app on one screen. */
export async function showOverview(send: Send): Promise<OverviewView> {
  return (await send('GET', '/api/overview')) as OverviewView;
}

/** A workload with its declaration, due times, runs and budget. */
export async function showWorkload(send: Send, workload: string): Promise<WorkloadDetail> {
  const path = `/api/workloads/${encodeURIComponent(workload)}`;
  return (await send('GET', path)) as WorkloadDetail;
}
