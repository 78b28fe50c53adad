import type { Send } from './api';
import { ApiError } from './api-error';
import type { NewRun } from './runs';
import type { Schedule } from './workloads';

export interface Quotas {
  readonly spotCores: number | null;
  readonly dedicatedCores: number | null;
  readonly pools: number | null;
  readonly jobs: number | null;
}

/** The estimate of a run by the runs before it, and its upper bound. */
export interface Estimate {
  readonly fromRuns: number;
  readonly minutes: number | null;
  readonly nodeMinutes: number | null;
  readonly cost: number | null;
  readonly capNodeMinutes: number;
  readonly capCost: number | null;
}

/** The budget of the month with the run, in the currency of the prices. */
export interface PlanBudget {
  readonly perMonth: number;
  readonly spent: number;
  readonly reserved: number;
  /** Null for a run without a price. */
  readonly afterwards: number | null;
}

/** The plan of a run: resources, needs and cost. */
export interface Plan {
  readonly workload: string;
  /** Errors that would make the run fail; empty when it can start. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly inputs: {
    readonly count: number;
    readonly bytes: number;
    readonly first: readonly string[];
  } | null;
  readonly pool:
    | { readonly isMade: false; readonly id: string }
    | {
        readonly isMade: true;
        readonly id: string;
        readonly vmSize: string;
        readonly slotsPerNode: number;
        readonly formula: string;
        readonly formulaGives: string;
      }
    | null;
  readonly job: { readonly id: string; readonly containers: readonly string[] } | null;
  readonly tasks: {
    readonly count: number | null;
    readonly atMost: number | null;
    readonly first: readonly {
      readonly id: string;
      readonly command: string;
      readonly about: string;
    }[];
  };
  /** Null for a workload without a budget; left out by apps of earlier versions. */
  readonly budget?: PlanBudget | null;
  readonly schedules: readonly Schedule[];
  readonly secrets: readonly { readonly name: string; readonly isReadable: boolean }[];
  readonly account: {
    readonly quotas: Quotas;
    readonly defaultVersions: Readonly<Record<string, string>>;
    readonly unavailableReason: string | null;
  };
  readonly estimate: Estimate;
}

/** Plans a run without making anything. A plan with errors, whose status is 422, is a plan too. */
export async function planRun(send: Send, workload: string, body: NewRun): Promise<Plan> {
  try {
    return (await send('POST', `/api/plans/${encodeURIComponent(workload)}`, body)) as Plan;
  } catch (error) {
    if (error instanceof ApiError && error.status === 422 && isPlan(error.body)) return error.body;
    throw error;
  }
}

function isPlan(body: unknown): body is Plan {
  const { workload, errors } = (body ?? {}) as Partial<Plan>;
  return typeof workload === 'string' && Array.isArray(errors);
}
