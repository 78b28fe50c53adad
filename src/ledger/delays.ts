import { ACTIVE_PARTITION, ADMISSION_KEY } from './keys';
import { readActive, writeOf, type Versioned } from './ledger';
import {
  causeForPeople,
  dueOf,
  isMarked,
  listeners,
  newNoticeRow,
  noticeChange,
  noticeId,
  type NoticeData,
  type NoticeRow,
  type Outbox,
} from './notices';
import type { InstanceState } from './repair';
import { isAskedFor, OPEN_ADMISSION, type ActiveRow, type AdmissionControl } from './rows';
import type { NoticeEvent, NotifyTarget } from '../workload/notify-schema';
import type { Table } from './table';

/** Notices of what did not happen: the reconciler finds it in the rows of occurrences that are not final. */

export interface DelayContext {
  readonly table: Table;
  readonly outbox: Outbox;
  /** Minutes by which the starts of a workload are delayed on purpose. */
  readonly delayMinutesOf: (workload: string) => number;
}

const MINUTE_MS = 60_000;

/**
 * Writes the notices of a row that is late, or has waited for nodes for too long, with the marks that keep
 * them from being written again. @returns those that were written
 */
export async function queueDelays(
  context: DelayContext,
  row: ActiveRow,
  instance: InstanceState | null,
): Promise<readonly NoticeRow[]> {
  const { table, outbox } = context;
  if (nextOf(context, row, instance) === null) return [];
  const found = await readActive(table, row.runId);
  if (found === null || found.value.term !== row.term || found.value.state !== row.state) return [];
  const next = nextOf(context, found.value, instance);
  if (next === null) return [];
  const rows = next.notices.map((notice) => newNoticeRow(notice, outbox.now()));
  const changes = [writeOf(row.runId, next.row, found.etag), ...rows.map(noticeChange)];
  // What another host was faster to change is compared again by the next pass.
  return (await table.write(ACTIVE_PARTITION, changes)) === 'written' ? rows : [];
}

/** The row with its marks, and the notices; null when nothing changes. Pure. */
function nextOf(context: DelayContext, row: ActiveRow, instance: InstanceState | null) {
  const { outbox } = context;
  const { workload } = row;
  const waiting = withoutNodesSince(context, row, instance);
  const late = listeners(outbox, workload, 'late')
    .filter((target) => !isMarked(row, markOf('late', target)))
    .filter(({ lateMinutes }) => isLate(context, row, lateMinutes));
  const starved = listeners(outbox, workload, 'waitingForCapacity')
    .filter((target) => !isMarked(row, markOf('waitingForCapacity', target)))
    .filter(({ capacityMinutes }) => hasPassed(outbox, waiting, capacityMinutes));
  const isTracked = waiting === (row.withoutNodesSince ?? null);
  if (isTracked && late.length + starved.length === 0) return null;
  const at = outbox.now().toISOString();
  const notices = [
    ...late.map((target) => noticeOf('late', row, target, { at, cause: lateCause(row) })),
    ...starved.map((target) =>
      noticeOf('waitingForCapacity', row, target, { at, cause: `no node since ${waiting}` }),
    ),
  ];
  const marks = [
    ...late.map((target) => markOf('late', target)),
    ...starved.map((target) => markOf('waitingForCapacity', target)),
  ];
  const noticed = [...(row.noticed ?? []), ...marks];
  return { row: { ...row, noticed, withoutNodesSince: waiting }, notices };
}

function markOf(event: NoticeEvent, { to }: NotifyTarget): string {
  return `${event}:${to}`;
}

/**
 * True for a due time that had not started after these minutes, also where it has started since. What
 * somebody asks for later, and what a pause holds, has no time to be started by.
 */
function isLate(
  { outbox, delayMinutesOf }: DelayContext,
  row: ActiveRow,
  lateMinutes: number,
): boolean {
  const due = dueOf(row.request);
  if (due === null || isAskedFor(row) || row.reason?.code === 'paused') return false;
  if (row.state === 'ending') return false;
  const from = Date.parse(due) + delayMinutesOf(row.workload) * MINUTE_MS;
  const started = row.state === 'running' ? Date.parse(row.since) : outbox.now().getTime();
  return started - from > lateMinutes * MINUTE_MS;
}

function lateCause({ state, reason, since }: ActiveRow): string {
  if (state === 'running') return `it started at ${since}`;
  return reason === null ? 'it has not started' : `it has not started: ${reason.cause}`;
}

/** Since when a run has had no node; null while it has one, or nobody wants to know. */
function withoutNodesSince(
  { outbox }: DelayContext,
  row: ActiveRow,
  instance: InstanceState | null,
): string | null {
  if (instance?.kind !== 'active' || instance.lacksNodes !== true) return null;
  if (listeners(outbox, row.workload, 'waitingForCapacity').length === 0) return null;
  const { nodeMinutes = 0 } = instance;
  const now = outbox.now().toISOString();
  return row.withoutNodesSince ?? (nodeMinutes === 0 ? row.since : now);
}

function hasPassed({ now }: Outbox, since: string | null, minutes: number): boolean {
  return since !== null && now().getTime() - Date.parse(since) > minutes * MINUTE_MS;
}

interface Fact {
  readonly at: string;
  readonly cause: string;
}

function noticeOf(event: NoticeEvent, row: ActiveRow, target: NotifyTarget, fact: Fact) {
  const { to, form } = target;
  const data = dataOf(row, fact.cause);
  return { id: noticeId(event, row.runId), to, form, event, at: fact.at, data };
}

function dataOf(row: ActiveRow, cause: string): NoticeData {
  return {
    workload: row.workload,
    runId: row.runId,
    outcome: null,
    code: row.reason?.code ?? null,
    cause: causeForPeople(cause),
    due: dueOf(row.request),
    startedAt: row.state === 'running' ? row.since : null,
    endedAt: null,
    nodeMinutes: 0,
    cost: null,
  };
}

/**
 * Writes the notices of workloads whose occurrences wait for the budget of the month, once for each
 * workload and month: the control row has the marks. @returns those that were written
 */
export async function queueBudget(
  { table, outbox }: Pick<DelayContext, 'table' | 'outbox'>,
  rows: readonly ActiveRow[],
  control: Versioned<AdmissionControl> | null,
): Promise<readonly NoticeRow[]> {
  const now = outbox.now();
  const month = now.toISOString().slice(0, 7);
  const marks = { ...control?.value.budgetNoticed };
  const notices: NoticeRow[] = [];
  for (const row of rows) {
    const { workload, reason } = row;
    if (reason?.code !== 'budgetReached' || marks[workload] === month) continue;
    const targets = listeners(outbox, workload, 'budgetReached');
    if (targets.length === 0) continue;
    marks[workload] = month;
    const fact = { at: now.toISOString(), cause: reason.cause };
    const id = noticeId('budgetReached', `${workload}-${month}`);
    notices.push(
      ...targets.map((target) =>
        newNoticeRow({ ...noticeOf('budgetReached', row, target, fact), id }, now),
      ),
    );
  }
  if (notices.length === 0) return [];
  const marked = { ...(control?.value ?? OPEN_ADMISSION), budgetNoticed: marks };
  const changes = [writeOf(ADMISSION_KEY, marked, control?.etag), ...notices.map(noticeChange)];
  return (await table.write(ACTIVE_PARTITION, changes)) === 'written' ? notices : [];
}
