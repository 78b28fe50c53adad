import { dueTimesIn, nextDueTime, type Schedule } from '../ledger/due-times';
import { timerCronOf } from '../triggers/timer-cron';
import type { App } from './app';
import { MINUTE, type Agenda } from './clock';
import { formatError } from '../failure';
import type { RehearsalPlan, Span } from './rehearsal-plan';
import { isIdle, type Stage } from './stage';

/** The timers that the host of an app would fire, on the agenda. */

/** Arms the timer of every schedule, as `functions.ts` registers it. */
export function armTimers(app: App, plan: RehearsalPlan, { from, until }: Span): void {
  const { agenda } = app.parts;
  for (const workload of app.parts.workloads.values()) {
    for (const schedule of plan.schedules[workload.name] ?? []) {
      const cron = timerCronOf(schedule, plan.hostZone, new Date(from));
      const fire = (at: number) => {
        agenda.unsettle();
        app.host.fireTimer(workload, at).catch((error: unknown) => {
          app.warnings.push(`the timer of ${workload.name} failed: ${formatError(error)}`);
        });
      };
      let missed: number | null = null;
      everyTime(agenda, { cron, timeZone: plan.hostZone }, { from, until }, (at) => {
        if (app.isUp) return fire(at);
        // A timer fires once after an outage, for the newest due time.
        if (missed === null) {
          agenda.at(app.downUntil, () => {
            if (missed !== null) fire(missed);
            missed = null;
          });
        }
        missed = at;
      });
    }
  }
}

/** Times of a timer that are looked up at once. */
const BATCH = 64;

/** Acts at every time of a schedule, from its first instant on. */
function everyTime(
  agenda: Agenda,
  schedule: Schedule,
  { from, until }: Span,
  act: (at: number) => void,
): void {
  let after = new Date(from - 1).toISOString();
  const end = new Date(until).toISOString();
  let next: readonly string[] = [];
  let index = 0;
  const arm = (): void => {
    if (index === next.length) {
      next = dueTimesIn(schedule, after, end, BATCH);
      index = 0;
    }
    const text = next[index];
    if (text === undefined) return;
    index += 1;
    after = text;
    const at = Date.parse(text);
    agenda.at(at, () => {
      arm();
      act(at);
    });
  };
  arm();
}

/** A pass is made from this long before the start of a due time until this long after it. */
const BEFORE = 20 * MINUTE;
const BEYOND = 40 * MINUTE;

/**
 * Arms the timer of the reconciler, and makes the first pass of a host that starts. Passes of an app
 * that has nothing under way and no due time near would find nothing, so they are left out.
 */
export function armPasses(
  stage: Stage,
  plan: RehearsalPlan,
  { from, until }: Span,
  onPass: () => void,
): void {
  const { agenda, app } = stage;
  const { reconcileSchedule: cron, hostZone: timeZone } = plan;
  const starts = Object.values(plan.schedules)
    .flat()
    .map((schedule) => new NextStart(schedule));
  agenda.at(from - 1, () => app.reconcile());
  everyTime(agenda, { cron, timeZone }, { from, until }, () => {
    const isNear = starts.some((start) => start.after(agenda.now - BEYOND) <= agenda.now + BEFORE);
    if (plan.skipsIdlePasses && !isNear && isIdle(stage)) return;
    app.reconcile();
    onPass();
  });
}

/** The next start of a schedule, looked up when the one before it has passed. */
class NextStart {
  #next = -Infinity;

  constructor(readonly schedule: Schedule & { readonly delayMinutes?: number }) {}

  /** The first start after an instant, which is never earlier than the one of the call before. */
  after(instant: number): number {
    if (this.#next > instant) return this.#next;
    const delay = (this.schedule.delayMinutes ?? 0) * MINUTE;
    const due = nextDueTime(this.schedule, new Date(instant - delay).toISOString());
    this.#next = due === null ? Infinity : Date.parse(due) + delay;
    return this.#next;
  }
}
