import type { App } from '../app';
import { nextDueTime } from '../ledger/due-times';
import { pauseAt, readPauses } from '../ledger/pauses';
import type { Pause } from '../ledger/rows';
import { nextCommonDueTime } from '../ledger/predecessors';
import type { DeclaredSchedule } from '../ledger/schedules';
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
  /** The workloads that this one follows; null when it follows none. */
  readonly after: AfterView | null;
  readonly pause: Pause | null;
}

export interface AfterView {
  readonly workloads: readonly string[];
  /** `each`: a run for each success of one workload. `all`: for each due time, when all have ended. */
  readonly wait: 'each' | 'all';
  /** Policy when one of several did not succeed; null with `each`, where only a success starts a run. */
  readonly whenNotSucceeded: 'skip' | 'run' | null;
  /** The next due time that several have in common, in UTC; null with `each`. */
  readonly nextDueAt: string | null;
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
export function workloadsHandler(app: App): HttpHandler {
  return withProblemDocuments(async () => {
    const now = app.now().toISOString();
    const pauses = await readPauses(app.table);
    const workloads = [...app.workloads.values()].map(
      ({ name, description, overlap, triggers }): WorkloadView => ({
        name,
        description,
        overlap,
        schedules: (app.schedules[name] ?? []).map((schedule) => scheduleView(schedule, now)),
        blobContainer: triggers.blob?.container ?? null,
        after: afterView(app, name, triggers.after, now),
        pause: pauseAt(pauses, name, now),
      }),
    );
    return { status: 200, jsonBody: { workloads } };
  });
}

function afterView(
  app: App,
  name: string,
  after: Workload['triggers']['after'],
  now: string,
): AfterView | null {
  if (after === undefined) return null;
  if (typeof after === 'string') {
    return { workloads: [after], wait: 'each', whenNotSucceeded: null, nextDueAt: null };
  }
  const { all, whenNotSucceeded } = after;
  const nextDueAt = nextCommonDueTime(app, name, now);
  return { workloads: all, wait: 'all', whenNotSucceeded, nextDueAt };
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
