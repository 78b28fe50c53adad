import { Agenda, HOUR, SECOND } from './clock';
import { Forgetting } from './forgetting';
import { armPasses, armTimers } from './host-timers';
import type { RehearsalPlan } from './rehearsal-plan';
import { withoutStacks } from './stacks';
import { openStage } from './stage';
import { Tally, type Rehearsal } from './tally';

/**
 * Plays the schedules of an app over days through its own triggers, admission, reconciler and
 * workflow, on the model of Batch: READ THIS FIRST. Nothing goes wrong in a rehearsal but what its
 * plan says: a host that is down, a quota that is too small, a budget that is reached.
 */

/** Longer than the start window and the deadline of any run. */
const AFTER = 14 * 24 * HOUR;

/** @param onQuarter called at each quarter of the days, for measurements */
export async function rehearse(
  plan: RehearsalPlan,
  onQuarter: (share: number) => void = () => undefined,
): Promise<Rehearsal> {
  // Only from within a microtask do ticks come after all other microtasks.
  await Promise.resolve();
  return withoutStacks(() => play(plan, onQuarter));
}

async function play(plan: RehearsalPlan, onQuarter: (share: number) => void): Promise<Rehearsal> {
  const [from, until] = [plan.days[0]?.from ?? 0, plan.days.at(-1)?.until ?? 0];
  const agenda = new Agenda(from - SECOND);
  const tally = new Tally(plan);
  const stage = openStage(plan, agenda, tally);
  const { app, diary } = stage;
  for (const { from: at, until: end } of plan.down) agenda.at(at, () => app.crash(end));
  const forgetting = new Forgetting(stage);
  armTimers(app, plan, { from, until: until + AFTER });
  armPasses(stage, plan, { from, until: until + AFTER }, () => forgetting.sweep());
  for (const share of [0.25, 0.5, 0.75, 1]) {
    await agenda.runUntil(from + share * (until - from));
    onQuarter(share);
  }
  // Runs that were due in time come to their end.
  await agenda.runUntil(until + AFTER, () => !diary.hasOpenBefore(until));
  return tally.summary(app.warnings);
}
