import type { Outcome, RunRecord } from '../run';
import { DEFAULT_RECORD_DAYS } from '../../workload/fields';
import type { Workload } from '../../workload/workload';

/** Retention of the outputs, logs and record of a run, in days from its end. Always finite. */
export interface Retention {
  /** Everything in the output container except the logs. */
  readonly outputsDays: number;
  readonly logsDays: number;
  readonly recordDays: number;
}

export const DEFAULT_OUTPUT_DAYS = 30;

/** Of a run whose workload no longer exists. */
const DEFAULT_RETENTION: Retention = {
  outputsDays: DEFAULT_OUTPUT_DAYS,
  logsDays: DEFAULT_OUTPUT_DAYS,
  recordDays: DEFAULT_RECORD_DAYS,
};

/** The retention for an outcome. A record is kept at least as long as the outputs and logs it lists. */
export function retentionOf(workload: Workload | null, outcome: Outcome['kind']): Retention {
  if (workload === null) return DEFAULT_RETENTION;
  const { keepOutputsDays, keepLogsDays = keepOutputsDays, keepRecordsDays } = workload;
  const atLeast = outcome === 'succeeded' ? 0 : (workload.keepFailedDays ?? 0);
  const outputsDays = Math.max(keepOutputsDays, atLeast);
  const logsDays = Math.max(keepLogsDays, atLeast);
  return { outputsDays, logsDays, recordDays: Math.max(keepRecordsDays, outputsDays, logsDays) };
}

/** The longest retention of any outcome of a workload. */
export function longestRetentionOf(workload: Workload): Retention {
  return retentionOf(workload, 'failed');
}

const DAY_MS = 86_400_000;

/** The instants at which outputs and logs of a run may be deleted; null for what is not kept. */
export function retentionEndsOf(
  workload: Workload | null,
  outcome: Outcome['kind'],
  endedAt: string,
): Pick<RunRecord, 'outputsKeptUntil' | 'logsKeptUntil'> {
  const { outputsDays, logsDays } = retentionOf(workload, outcome);
  const after = (days: number) =>
    days === 0 ? null : new Date(Date.parse(endedAt) + days * DAY_MS).toISOString();
  return { outputsKeptUntil: after(outputsDays), logsKeptUntil: after(logsDays) };
}

export const NOTHING_KEPT = { outputsKeptUntil: null, logsKeptUntil: null } as const;
