import type { AdmissionContext } from './admit';
import { admit } from './admit';
import { takeInventory, type InventoryContext, type WatchedContainer } from './inventory';
import { queueBudget, queueDelays, type DelayContext } from './delays';
import { ADMISSION_KEY } from './keys';
import { changeActive, versioned } from './ledger';
import { activeIn, listAllActive } from './list';
import { noticesIn, type NoticeRow, type Outbox } from './notices';
import { repairOf, type InstanceState } from './repair';
import type { ActiveRow, AdmissionControl } from './rows';
import { sendDue, sendNow } from './send-notices';
import type { Row } from './table';
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
  readonly outbox: Outbox;
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
  const listed = await activeRows(context, failed);
  const notices: NoticeRow[] = [];
  for (const row of activeIn(listed)) {
    await step(`run ${row.runId}`, () => compare(context, row, notices));
  }
  await step('budget', () => noticeBudget(context, listed, notices));
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
  // Last: receivers that do not answer take their time.
  await step('notices', () => notify(context, listed, notices));
  return { done, failed };
}

async function activeRows(
  { admission }: ReconcileContext,
  failed: string[],
): Promise<readonly Row[]> {
  try {
    return await listAllActive(admission.table);
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

/** Compares an active row with its orchestration; `notices` receives those of its delays. */
async function compare(
  context: ReconcileContext,
  row: ActiveRow,
  notices: NoticeRow[],
): Promise<readonly string[]> {
  const isWaiting = row.state === 'known' || row.state === 'queued';
  const instance = isWaiting ? null : await context.instanceOf(row);
  notices.push(...(await queueDelays(delaysOf(context), row, instance)));
  return instance === null ? [] : repair(context, row, instance);
}

function delaysOf({ admission, outbox, schedules }: ReconcileContext): DelayContext {
  const delays = (workload: string): readonly number[] =>
    schedules
      .filter((schedule) => schedule.workload === workload)
      .map(({ delayMinutes = 0 }) => delayMinutes);
  return {
    table: admission.table,
    outbox,
    delayMinutesOf: (workload) => Math.max(0, ...delays(workload)),
  };
}

/** `notices` receives those of occurrences that wait for the budget. */
async function noticeBudget(
  { admission, outbox }: ReconcileContext,
  listed: readonly Row[],
  notices: NoticeRow[],
): Promise<readonly string[]> {
  const { table } = admission;
  const found = listed.find(({ key }) => key === ADMISSION_KEY) ?? null;
  const control = versioned<AdmissionControl>(found);
  notices.push(...(await queueBudget({ table, outbox }, activeIn(listed), control)));
  return [];
}

/** Sends the notices of this pass, and those of others whose next attempt is due. */
async function notify(
  { admission, outbox }: ReconcileContext,
  listed: readonly Row[],
  notices: readonly NoticeRow[],
): Promise<readonly string[]> {
  const { table } = admission;
  await sendNow(table, outbox, notices);
  const delivered = await sendDue(table, outbox, noticesIn(listed));
  return delivered > 0 ? [`${delivered} notices delivered that had failed before`] : [];
}

async function repair(
  context: ReconcileContext,
  row: ActiveRow,
  instance: InstanceState,
): Promise<readonly string[]> {
  const { admission } = context;
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
