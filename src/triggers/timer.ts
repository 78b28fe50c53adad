import type { InvocationContext, Timer } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import type { App } from '../app';
import { FRESH_MS } from '../ledger/due-times';
import type { Occurrence } from '../run/run';
import type { Workload } from '../workload/workload';
import { startRun } from '../start-run';
import { parametersOf } from '../workload/parameters';

/**
 * Starts a run for a due time. The occurrence is the due time, not the time of firing: a timer that
 * fires twice for one due time, or late after an outage, starts one run. A timer that an operator
 * fires has no due time.
 */
export function timerHandler(app: App, workload: Workload) {
  return async (timer: Timer, client: DurableClient, context: InvocationContext): Promise<void> => {
    const due = dueTime(timer);
    if (due !== null && isLate(due, app.now())) {
      context.log(`the due time ${due} has passed; the reconciler catches up on it`);
      return;
    }
    const occurrence: Occurrence =
      due === null
        ? { kind: 'request', key: `timer-${context.invocationId}` }
        : { kind: 'schedule', due };
    const { runId, isNew } = await startRun(app, client, workload, {
      workload: workload.name,
      occurrence,
      parameters: parametersOf(workload, {}),
    });
    context.log(
      isNew ? `run ${runId} started` : `run ${runId} had already been started for this due time`,
    );
  };
}

/** After an outage the catch-up policy decides, over all due times that passed. */
function isLate(due: string, now: Date): boolean {
  return now.getTime() - Date.parse(due) > FRESH_MS;
}

/** The due time; null when the timer was fired by an operator. */
function dueTime({ scheduleStatus }: Timer): string | null {
  const next: string | undefined = scheduleStatus?.next;
  const time = new Date(next ?? Number.NaN);
  // A status that was never written shows the year 1.
  if (Number.isNaN(time.getTime()) || time.getUTCFullYear() < 2000) return null;
  return time.toISOString();
}
