import type { App } from '../app';
import { nextDueTime } from '../ledger/due-times';
import { pauseAt, readPauses } from '../ledger/pauses';
import { nextCommonDueTime } from '../ledger/predecessors';
import type { DeclaredSchedule } from '../ledger/schedules';
import { localTime } from '../workload/local-time';
import type { Workload } from '../workload/workload';
import { parametersSchema } from './parameters-schema';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import type { AfterView, ScheduleView, WorkloadView } from './schemas/workload';

/** GET /api/workloads lists the workloads with their next due times and pauses. */
export function workloadsHandler(app: App): OperationHandler {
  return answering('workloads-list', async () => {
    const now = app.now().toISOString();
    const pauses = await readPauses(app.table);
    const workloads = [...app.workloads.values()].map((workload) =>
      workloadView(app, workload, pauseAt(pauses, workload.name, now), now),
    );
    return { status: 200, jsonBody: { workloads } };
  });
}

export function workloadView(
  app: App,
  { name, description, overlap, parameters, triggers }: Workload,
  pause: WorkloadView['pause'],
  now: string,
): WorkloadView {
  return {
    name,
    description,
    overlap,
    parameters: parametersSchema(parameters),
    schedules: (app.schedules[name] ?? []).map((schedule) => scheduleView(schedule, now)),
    blobContainer: triggers.blob?.container ?? null,
    after: afterView(app, name, triggers.after, now),
    pause,
  };
}

export function afterView(
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
