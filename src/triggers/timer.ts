import type { InvocationContext, Timer } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import type { App } from '../app';
import { FRESH_MS, isDueAt } from '../ledger/due-times';
import type { KnownOccurrence } from '../ledger/new-occurrence';
import {
  cameBefore,
  dueWhenStarting,
  occurrenceOfDue,
  startByOf,
  type DeclaredSchedule,
} from '../ledger/schedules';
import type { Occurrence } from '../run/run';
import type { Workload } from '../workload/workload';
import { startRun } from '../start-run';
import { parametersOf } from '../workload/parameters';

/**
 * Starts a run for a due time. The occurrence is the due time, not the time of firing: a timer that
 * fires twice for one due time, or late after an outage, starts one run. Timers fire at more times than
 * are due; the schedules decide. A timer that an operator fires has no due time.
 */
export function timerHandler(app: App, workload: Workload) {
  return async (timer: Timer, client: DurableClient, context: InvocationContext): Promise<void> => {
    const start = async (occurrence: Occurrence, known: KnownOccurrence): Promise<void> => {
      const request = {
        workload: workload.name,
        occurrence,
        parameters: parametersOf(workload, {}),
      };
      const { runId, isNew } = await startRun(app, client, workload, request, known);
      const before = `run ${runId} had already been started for this due time`;
      context.log(isNew ? `run ${runId} started` : before);
    };
    const fired = firedAt(timer);
    if (fired === null) return start({ kind: 'request', key: `timer-${context.invocationId}` }, {});
    const all = dueIn(app.schedules[workload.name] ?? [], fired);
    if (all.length === 0) context.log(`${fired} is not a due time of ${workload.name}`);
    for (const { due, schedule } of all) {
      if (isLate(fired, app.now()))
        context.log(`the due time ${due} has passed; the reconciler catches up on it`);
      else if (await cameBefore(app.table, schedule, due, app.now()))
        context.log(`the local time of ${due} was due before the rules of its zone changed`);
      else await start(occurrenceOfDue(schedule, due), startByOf(schedule, due));
    }
  };
}

interface Due {
  readonly schedule: DeclaredSchedule;
  readonly due: string;
}

/** The due times whose runs start when this timer fires: the delay of their schedule later. */
function dueIn(schedules: readonly DeclaredSchedule[], startsAt: string): readonly Due[] {
  return schedules
    .map((schedule) => ({ schedule, due: dueWhenStarting(schedule, new Date(startsAt)) }))
    .filter(({ schedule, due }) => isDueAt(schedule, due));
}

/** After an outage the catch-up policy decides, over all due times that passed. */
function isLate(startsAt: string, now: Date): boolean {
  return now.getTime() - Date.parse(startsAt) > FRESH_MS;
}

/** The time for which the timer fires; null when an operator fired it. */
function firedAt({ scheduleStatus }: Timer): string | null {
  const next: string | undefined = scheduleStatus?.next;
  const time = new Date(next ?? Number.NaN);
  // A status that was never written shows the year 1.
  if (Number.isNaN(time.getTime()) || time.getUTCFullYear() < 2000) return null;
  return time.toISOString();
}
