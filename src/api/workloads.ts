import type { App } from '../app';
import { nextDueTime } from '../ledger/due-times';
import { pauseAt, readPauses } from '../ledger/pauses';
import type { Pause } from '../ledger/rows';
import type { DeclaredSchedule, SchedulesInForce } from '../ledger/schedules';
import { localTime } from '../workload/local-time';
import type { Workload } from '../workload/workload';
import type { HttpHandler } from './handler';
import { withProblemDocuments } from './problem';

/** A workload as a caller sees it over HTTP. */
export interface WorkloadView {
  readonly name: string;
  readonly description: string;
  readonly overlap: Workload['overlap'];
  readonly schedules: readonly ScheduleView[];
  /** The watched container; null without a blob trigger. */
  readonly blobContainer: string | null;
  /** The workload that this one follows. */
  readonly after: string | null;
  readonly pause: Pause | null;
}

export interface ScheduleView {
  readonly cron: string;
  readonly timeZone: string;
  /** In UTC; null for a schedule that is never due again. */
  readonly nextDueAt: string | null;
  /** The same in the zone of the schedule, with its offset: `2026-12-01T02:30:00+01:00`. */
  readonly nextDueLocal: string | null;
}

/** GET /api/workloads lists the workloads with their next due times and pauses. */
export function workloadsHandler(app: App, schedules: SchedulesInForce): HttpHandler {
  return withProblemDocuments(async () => {
    const now = app.now().toISOString();
    const pauses = await readPauses(app.table);
    const workloads = [...app.workloads.values()].map(
      ({ name, description, overlap, triggers }): WorkloadView => ({
        name,
        description,
        overlap,
        schedules: (schedules[name] ?? []).map((schedule) => scheduleView(schedule, now)),
        blobContainer: triggers.blob?.container ?? null,
        after: triggers.after ?? null,
        pause: pauseAt(pauses, name, now),
      }),
    );
    return { status: 200, jsonBody: { workloads } };
  });
}

export function scheduleView(schedule: DeclaredSchedule, now: string): ScheduleView {
  const { cron, timeZone } = schedule;
  const nextDueAt = nextDueTime(schedule, now);
  return {
    cron,
    timeZone,
    nextDueAt,
    nextDueLocal: nextDueAt === null ? null : localTime(Date.parse(nextDueAt), timeZone),
  };
}
