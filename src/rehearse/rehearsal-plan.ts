import type { AppLimits } from '../ledger/admission';
import type { SchedulesInForce } from '../ledger/schedules';
import type { Workloads } from '../workload/workload';
import type { LocalDay } from './days';

/** An app and the days that are rehearsed. Data alone. */
export interface RehearsalPlan {
  /** With the nodes and prices of the settings. */
  readonly workloads: Workloads;
  readonly schedules: SchedulesInForce;
  /** The zone in which the host reads NCRONTAB. */
  readonly hostZone: string;
  readonly reconcileSchedule: string;
  readonly limits: AppLimits;
  /** The local days of the calendar, at least one. */
  readonly days: readonly LocalDay[];
  /** Minutes that the tasks of a run take from the first to the last, by workload. */
  readonly minutes: Readonly<Record<string, number>>;
  readonly spotQuota: SpotQuota | null;
  /** Spans in which no host is up, in order. */
  readonly down: readonly Span[];
  /** False to make every pass of the reconciler, also those that would find nothing. */
  readonly skipsIdlePasses: boolean;
}

export interface SpotQuota {
  readonly limit: number;
  readonly of: 'nodes' | 'cores';
}

export interface Span {
  readonly from: number;
  readonly until: number;
}
