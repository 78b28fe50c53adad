import type { AdmissionContext } from './admit';
import { admit } from './admit';
import { takeInventory, type InventoryContext, type WatchedContainer } from './inventory';
import { changeActive } from './ledger';
import { listActive } from './list';
import { repairOf, type InstanceState } from './repair';
import type { ActiveRow } from './rows';
import {
  forgetSchedules,
  settleSchedule,
  type DeclaredSchedule,
  type ScheduleContext,
} from './schedules';

/**
 * The reconciler: compares what should be (due times, input blobs, active rows) with what is
 * (orchestrations) and closes the difference. Each step is bounded, can be repeated, and stands by
 * itself: a step that fails is reported and keeps no other from its work. READ `reconcile` FIRST.
 */

export interface ReconcileContext {
  readonly admission: AdmissionContext;
  readonly schedules: readonly DeclaredSchedule[];
  /** True until a pass of this process has succeeded: schedules change with deployments only. */
  readonly isFirstPass: boolean;
  readonly scheduling: ScheduleContext;
  readonly watched: readonly WatchedContainer[];
  readonly inventory: InventoryContext;
  /** The time as storage stamps it on blobs. */
  readonly storageNow: () => Date;
  /** The orchestration of a row's term. @throws Failure when the engine cannot be asked */
  readonly instanceOf: (row: ActiveRow) => Promise<InstanceState>;
  /**
   * One step of ending a run that no orchestration ends: clean-up, record, final row. False when
   * something is still being deleted; the next pass continues. The first step records nothing: what
   * an activity that was under way has created meanwhile is deleted by the next one.
   */
  readonly endLostRun: (
    row: ActiveRow,
    instance: InstanceState,
    step: 'first' | 'later',
  ) => Promise<boolean>;
  /** Deletes pools, jobs and staging of this app that no active run claims. */
  readonly deleteLeftovers: () => Promise<Reconciled>;
  /** Work of once a day: records and outputs past their retention, rows that the table has lost. */
  readonly upkeep: () => Promise<Reconciled>;
}

/** The result of a pass: a sentence for each action, and for each failure that the next pass retries. */
export interface Reconciled {
  readonly done: readonly string[];
  readonly failed: readonly string[];
}

export async function reconcile(context: ReconcileContext): Promise<Reconciled> {
  const done: string[] = [];
  const failed: string[] = [];
  const step = async (name: string, work: () => Promise<readonly string[]>): Promise<void> => {
    try {
      done.push(...(await work()));
    } catch (error) {
      failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  if (context.isFirstPass) await step('schedules', () => forget(context));
  for (const schedule of context.schedules) {
    await step(`schedule of ${schedule.workload}`, () => settle(context, schedule));
  }
  for (const watched of context.watched) {
    await step(`inventory of ${watched.container}`, () => inventory(context, watched));
  }
  for (const row of await activeRows(context, failed)) {
    await step(`run ${row.runId}`, () => repair(context, row));
  }
  for (const [name, work] of [
    ['leftovers', context.deleteLeftovers],
    ['upkeep', context.upkeep],
  ] as const) {
    await step(name, async () => {
      const result = await work();
      failed.push(...result.failed);
      return result.done;
    });
  }
  await step('admission', async () =>
    (await admit(context.admission)).map((runId) => `run ${runId} started`),
  );
  return { done, failed };
}

async function activeRows(
  { admission }: ReconcileContext,
  failed: string[],
): Promise<readonly ActiveRow[]> {
  try {
    return await listActive(admission.table);
  } catch (error) {
    failed.push(`active runs: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

async function forget({ admission, schedules }: ReconcileContext): Promise<readonly string[]> {
  const forgotten = await forgetSchedules(admission.table, schedules);
  return forgotten > 0 ? [`${forgotten} schedules are declared no more`] : [];
}

async function settle(
  { scheduling, admission }: ReconcileContext,
  schedule: DeclaredSchedule,
): Promise<readonly string[]> {
  const { registered, missed } = await settleSchedule(scheduling, schedule, admission.now());
  return [
    ...(registered > 0 ? [`${registered} due times of ${schedule.workload} registered`] : []),
    ...(missed > 0 ? [`${missed} due times of ${schedule.workload} recorded as missed`] : []),
  ];
}

async function inventory(
  { inventory: context, storageNow }: ReconcileContext,
  watched: WatchedContainer,
): Promise<readonly string[]> {
  const found = await takeInventory(context, watched, storageNow());
  return found > 0 ? [`${found} blobs of ${watched.container} had no event`] : [];
}

async function repair(context: ReconcileContext, row: ActiveRow): Promise<readonly string[]> {
  const { admission } = context;
  if (row.state === 'known' || row.state === 'queued') return [];
  const instance = await context.instanceOf(row);
  const now = admission.now().toISOString();
  const action = repairOf(row, instance, now);
  switch (action.kind) {
    case 'leave':
      return [];
    case 'noteLost':
      await mark(context, row, {
        kind: 'lost',
        code: 'internal',
        cause: 'its orchestration was not found',
      });
      return [];
    case 'noteFound':
      await mark(context, row, null);
      return [];
    case 'startAgain':
      return startAgain(context, row);
    case 'endRun':
      return endRun(context, row, instance, action.cause);
    case 'continueEnding':
      return continueEnding(context, row, instance);
  }
}

/** Only the row as it was read: what has changed since is another pass's business. */
async function change(
  { admission }: ReconcileContext,
  row: ActiveRow,
  next: (found: ActiveRow) => ActiveRow,
): Promise<ActiveRow | null> {
  return changeActive(admission.table, row.runId, (found) =>
    found.term === row.term && found.state === row.state && found.since === row.since
      ? next(found)
      : null,
  );
}

async function mark(
  context: ReconcileContext,
  row: ActiveRow,
  reason: ActiveRow['reason'],
): Promise<void> {
  await change(context, row, (found) => ({ ...found, reason }));
}

async function startAgain(context: ReconcileContext, row: ActiveRow): Promise<readonly string[]> {
  const since = context.admission.now().toISOString();
  const changed = await change(context, row, (found) => ({
    ...found,
    term: found.term + 1,
    since,
  }));
  if (changed === null) return [];
  await context.admission.starter.start(changed);
  return [`run ${row.runId} was not started; its term ${changed.term} is`];
}

/** The next term fences what may still be alive of the one before; only then is anything deleted. */
async function endRun(
  context: ReconcileContext,
  row: ActiveRow,
  instance: InstanceState,
  cause: string,
): Promise<readonly string[]> {
  const since = context.admission.now().toISOString();
  const changed = await change(context, row, (found) => ({
    ...found,
    term: found.term + 1,
    state: 'ending',
    since,
    reason: { kind: 'lost', code: 'internal', cause },
  }));
  if (changed === null) return [];
  await context.endLostRun(changed, instance, 'first');
  return [`run ${row.runId} is being ended: ${cause}`];
}

async function continueEnding(
  context: ReconcileContext,
  row: ActiveRow,
  instance: InstanceState,
): Promise<readonly string[]> {
  if (row.reason?.kind === 'lost') {
    const isOver = await context.endLostRun(row, instance, 'later');
    return isOver ? [`run ${row.runId} has ended and left nothing`] : [];
  }
  await context.admission.endWithoutRun(row);
  return [`run ${row.runId} was ${row.reason?.kind ?? 'ended'}`];
}
