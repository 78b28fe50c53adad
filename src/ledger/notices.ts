import { redact, truncate, type FailureCode } from '../failure';
import type { NoticeEvent, NoticeForm, NotifyTarget } from '../workload/notify-schema';
import { ACTIVE_PARTITION, ADMISSION_KEY, NOTICE_PREFIX } from './keys';
import {
  asValue,
  insert,
  newActiveRow,
  readActive,
  versioned,
  writeOf,
  type NewOccurrence,
  type Versioned,
} from './ledger';
import {
  OPEN_ADMISSION,
  type ActiveRow,
  type AdmissionControl,
  type FinalState,
  type OccurrenceRow,
} from './rows';
import type { Change, Row, Table } from './table';

/**
 * The outbox: a row for each event and target that is to be notified, until it is delivered or dropped.
 *
 * An event is never lost and never queued twice. The end of an occurrence is final first (its row, with
 * what it recovers from); then one transaction of the active partition writes the notices and marks the
 * active row; only then is the active row deleted. A host that dies before the transaction leaves an
 * active row without the mark: whatever repeats the end (the engine repeats its activity, the reconciler
 * the end of a row that is `ending` or lost) finds the occurrence final and writes the notices. One that dies after it leaves
 * the mark, or no active row, and neither is written again. What did not happen is marked in the same way,
 * in the row that shows it. Delivery is at least once: a host that dies between the answer of the receiver
 * and the deletion of the row sends the notice again, with the same id.
 */

/** One event for one target. */
export interface Notice {
  /** The same for each attempt and each target; different for each event. */
  readonly id: string;
  readonly to: string;
  readonly form: NoticeForm;
  readonly event: NoticeEvent | 'test';
  /** The time of the event. */
  readonly at: string;
  readonly data: NoticeData;
}

export interface NoticeData {
  readonly workload: string;
  readonly runId: string;
  /** Null for an event before the end. */
  readonly outcome: FinalState | null;
  readonly code: FailureCode | null;
  /** One sentence, without secrets, at most 500 characters. */
  readonly cause: string | null;
  /** Null for what no schedule started. */
  readonly due: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly nodeMinutes: number;
  readonly cost: number | null;
  /** The run that did not succeed, where this one is the first success after it. */
  readonly recovers?: string;
}

export interface NoticeRow extends Notice {
  /** Attempts so far. The first is that of the host that wrote the row. */
  readonly attempts: number;
  /** No other attempt is made before. */
  readonly next: string;
}

export interface Delivery {
  /** `gone`: the receiver wants no more messages at this address. */
  readonly kind: 'delivered' | 'failed' | 'gone';
  /** The HTTP status of the receiver; null without an answer. */
  readonly status: number | null;
  /** The reason, without the address of the receiver. */
  readonly detail: string;
}

/** The targets of the app, and the way to them. */
export interface Outbox {
  /** All targets by name. */
  readonly targets: ReadonlyMap<string, NotifyTarget>;
  readonly targetsOf: (workload: string) => readonly NotifyTarget[];
  /** Sends a notice. Never throws. */
  readonly send: (notice: Notice) => Promise<Delivery>;
  /** Writes the log line of a notice that was not delivered. */
  readonly report: (row: NoticeRow, delivery: Delivery, isDropped: boolean) => void;
  readonly now: () => Date;
}

/** For an app that notifies nobody. */
export const NO_OUTBOX: Outbox = {
  targets: new Map(),
  targetsOf: () => [],
  send: async () => ({ kind: 'gone', status: null, detail: 'the app has no targets' }),
  report: () => undefined,
  now: () => new Date(0),
};

/** A notice that says nothing of a run, to try a target. */
export function testNotice(target: NotifyTarget, id: string, at: string): Notice {
  const { to, form } = target;
  return {
    id: `test-${id}`,
    to,
    form,
    event: 'test',
    at,
    data: {
      workload: 'test',
      runId: `test-${id}`,
      outcome: null,
      code: null,
      cause: 'Somebody asked for a test of this target.',
      due: null,
      startedAt: null,
      endedAt: null,
      nodeMinutes: 0,
      cost: null,
    },
  };
}

/** The targets of a workload that are notified of an event. */
export function listeners(
  { targetsOf }: Outbox,
  workload: string,
  event: NoticeEvent,
): readonly NotifyTarget[] {
  return targetsOf(workload).filter(({ on }) => on.includes(event));
}

const MAX_CAUSE = 500;

/** A sentence that may leave the app: a service may have repeated a request in it. */
export function causeForPeople(cause: string | null): string | null {
  return cause === null ? null : truncate(redact(cause), MAX_CAUSE);
}

export function dueOf({ occurrence }: Pick<OccurrenceRow, 'occurrence'>): string | null {
  return 'due' in occurrence ? occurrence.due : null;
}

export function noticeId(event: NoticeEvent, subject: string): string {
  // The signature joins id, time and body with full stops, so the id has none.
  return `${event}-${subject}`;
}

const MINUTE_MS = 60_000;

/** Minutes after each attempt before the next one; ten attempts take about a day. */
const PAUSES = [2, 5, 10, 20, 45, 90, 180, 360, 720];
export const MAX_ATTEMPTS = PAUSES.length + 1;

/** The earliest time of the next attempt. After the last one the pause is that of its sender. */
export function nextAttempt(attempts: number, now: Date): string {
  const pause = PAUSES[attempts - 1] ?? PAUSES[0] ?? 0;
  return new Date(now.getTime() + pause * MINUTE_MS).toISOString();
}

/** The row of a notice whose first attempt follows at once. */
export function newNoticeRow(notice: Notice, now: Date): NoticeRow {
  return { ...notice, attempts: 1, next: nextAttempt(1, now) };
}

export function noticeKey({ to, id }: Notice): string {
  return `${NOTICE_PREFIX}${to}!${id}`;
}

export function noticeChange(row: NoticeRow): Change {
  return { kind: 'put', key: noticeKey(row), value: asValue(row) };
}

/** The notices in a list of the active partition. */
export function noticesIn(rows: readonly Row[]): readonly Versioned<NoticeRow>[] {
  return rows.flatMap((row) => {
    const found = row.key.startsWith(NOTICE_PREFIX) ? versioned<NoticeRow>(row) : null;
    return found === null ? [] : [found];
  });
}

/** The notices of the end of an occurrence, one for each event and target. */
function noticesOfEnd(final: OccurrenceRow, outbox: Outbox): readonly NoticeRow[] {
  const { runId, workload, state, recovers } = final;
  if (state === 'open') return [];
  const now = outbox.now();
  const at = final.endedAt ?? now.toISOString();
  const events: readonly NoticeEvent[] = recovers === undefined ? [state] : [state, 'recovered'];
  return events.flatMap((event) =>
    listeners(outbox, workload, event).map(({ to, form }) =>
      newNoticeRow(
        { id: noticeId(event, runId), to, form, event, at, data: dataOfEnd(final, state) },
        now,
      ),
    ),
  );
}

function dataOfEnd(final: OccurrenceRow, outcome: FinalState): NoticeData {
  const { workload, runId, code, cause, startedAt, endedAt, nodeMinutes, cost, recovers } = final;
  return {
    workload,
    runId,
    outcome,
    code,
    cause: causeForPeople(cause),
    due: dueOf(final),
    startedAt,
    endedAt,
    nodeMinutes,
    cost,
    ...(recovers !== undefined && { recovers }),
  };
}

/**
 * Makes the active row of a due time that is about to be recorded as missed, which never had one: as long
 * as it is there, a host that dies leaves its notices to the next pass of the reconciler.
 */
export async function insertMissed(
  table: Table,
  runId: string,
  occurrence: Omit<NewOccurrence, 'owner'>,
  cause: string,
  now: string,
): Promise<void> {
  const row: ActiveRow = {
    ...newActiveRow(runId, occurrence, now),
    state: 'ending',
    reason: { kind: 'missed', code: 'startWindowEnded', cause },
  };
  await insert(table, ACTIVE_PARTITION, runId, row);
}

/** The mark of an active row whose end has its notices. */
const END_MARK = 'end';

/**
 * Writes the notices of an end with the mark of the active row. @returns those that were written, which
 * the caller sends once the active row is deleted
 */
export async function queueEnd(
  table: Table,
  final: OccurrenceRow,
  outbox: Outbox,
  isNew: boolean,
): Promise<readonly NoticeRow[]> {
  const ofEnd = noticesOfEnd(final, outbox);
  for (;;) {
    const budget = await budgetRefusal(table, final, outbox, isNew);
    const rows = [...ofEnd, ...budget.notices];
    if (rows.length === 0) return [];
    const active = await readActive(table, final.runId);
    // Without its active row an end that was final before has its notices. A row that is merely known
    // was left by a late delivery.
    if (!isNew && (active === null || active.value.state === 'known')) return [];
    if (active !== null && isMarked(active.value, END_MARK)) return [];
    const changes = [...rows.map(noticeChange), ...budget.changes];
    if (active !== null) changes.push(markChange(active, [END_MARK]));
    if ((await table.write(ACTIVE_PARTITION, changes)) === 'written') return rows;
  }
}

interface BudgetRefusal {
  readonly notices: readonly NoticeRow[];
  readonly changes: readonly Change[];
}

const NO_REFUSAL: BudgetRefusal = { notices: [], changes: [] };

/** The notices of an occurrence that a budget refused, once for each workload and month, with the mark of the control row. */
async function budgetRefusal(
  table: Table,
  final: OccurrenceRow,
  outbox: Outbox,
  isNew: boolean,
): Promise<BudgetRefusal> {
  const { workload, code, state } = final;
  if (code !== 'budgetExceeded' || state === 'open' || !isNew) return NO_REFUSAL;
  const targets = listeners(outbox, workload, 'budgetReached');
  const now = outbox.now();
  const month = now.toISOString().slice(0, 7);
  const control = versioned<AdmissionControl>(await table.get(ACTIVE_PARTITION, ADMISSION_KEY));
  const marks = control?.value.budgetNoticed ?? {};
  if (targets.length === 0 || marks[workload] === month) return NO_REFUSAL;
  const notices = targets.map(({ to, form }) =>
    newNoticeRow(
      {
        id: noticeId('budgetReached', `${workload}-${month}`),
        to,
        form,
        event: 'budgetReached',
        at: final.endedAt ?? now.toISOString(),
        data: dataOfEnd(final, state),
      },
      now,
    ),
  );
  const budgetNoticed = { ...marks, [workload]: month };
  const marked = { ...(control?.value ?? OPEN_ADMISSION), budgetNoticed };
  return { notices, changes: [writeOf(ADMISSION_KEY, marked, control?.etag)] };
}

export function isMarked({ noticed = [] }: ActiveRow, mark: string): boolean {
  return noticed.includes(mark);
}

/** Replaces an active row by one with more marks. */
export function markChange(
  { value, etag }: Versioned<ActiveRow>,
  marks: readonly string[],
): Change {
  const noticed = [...(value.noticed ?? []), ...marks];
  return writeOf(value.runId, { ...value, noticed }, etag);
}
