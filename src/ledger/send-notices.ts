import { eachAtOnce } from '../concurrency';
import { ACTIVE_PARTITION, APP_PARTITION } from './keys';
import { upsert, versioned, writeOf, type Versioned } from './ledger';
import {
  MAX_ATTEMPTS,
  nextAttempt,
  noticeKey,
  type Delivery,
  type NoticeRow,
  type Outbox,
} from './notices';
import type { Table } from './table';

/** Sends what the outbox holds: at once by the host that wrote it, later by the reconciler. */

/** Bounds one pass of the reconciler: each takes ten seconds at most. */
const SENT_IN_A_PASS = 60;
const SENT_AT_ONCE = 8;
/** Admission reads no notice, but the reconciler reads all. */
const MAX_PENDING = 1000;

/**
 * The first attempt, by the host that wrote the rows. It is a hint: where it fails, or the host dies, the
 * reconciler makes the next one. The end of a run does not depend on it, so it never throws.
 */
export async function sendNow(
  table: Table,
  outbox: Outbox,
  rows: readonly NoticeRow[],
): Promise<void> {
  const failed: Delivery = { kind: 'failed', status: null, detail: 'its row was not changed' };
  const attempts = rows.map((row) =>
    attempt(table, outbox, row).catch(() => {
      outbox.report(row, failed, false);
    }),
  );
  await Promise.all(attempts);
}

/**
 * One attempt for each notice whose time has come, the longest overdue first. @returns the number of those
 * that were delivered
 */
export async function sendDue(
  table: Table,
  outbox: Outbox,
  pending: readonly Versioned<NoticeRow>[],
): Promise<number> {
  const byAge = pending.toSorted((one, other) => one.value.at.localeCompare(other.value.at));
  const tooMany = byAge.slice(0, Math.max(0, byAge.length - MAX_PENDING));
  const detail = `more than ${MAX_PENDING} notices are waiting`;
  for (const { value } of tooMany) {
    await drop(table, outbox, value, { kind: 'failed', status: null, detail });
  }
  const now = outbox.now().toISOString();
  const due = byAge
    .slice(tooMany.length)
    .filter(({ value }) => value.next <= now)
    .toSorted((one, other) => one.value.next.localeCompare(other.value.next))
    .slice(0, SENT_IN_A_PASS);
  let delivered = 0;
  await eachAtOnce(due, SENT_AT_ONCE, async (found) => {
    const claimed = await claimAttempt(table, outbox, found);
    if (claimed !== null && (await attempt(table, outbox, claimed))) delivered += 1;
  });
  return delivered;
}

/** Counts the attempt before it is made, so that no other host makes it too. Null: it is not to be made. */
async function claimAttempt(
  table: Table,
  outbox: Outbox,
  { value, etag }: Versioned<NoticeRow>,
): Promise<NoticeRow | null> {
  if (value.attempts >= MAX_ATTEMPTS) {
    const detail = 'the host ended during the last attempt';
    await drop(table, outbox, value, { kind: 'failed', status: null, detail });
    return null;
  }
  const attempts = value.attempts + 1;
  const claimed = { ...value, attempts, next: nextAttempt(attempts, outbox.now()) };
  const change = writeOf(noticeKey(value), claimed, etag);
  return (await table.write(ACTIVE_PARTITION, [change])) === 'written' ? claimed : null;
}

/** @returns true when the notice was delivered */
async function attempt(table: Table, outbox: Outbox, row: NoticeRow): Promise<boolean> {
  const delivery = await outbox.send(row);
  if (delivery.kind === 'delivered') {
    await forget(table, row);
    return true;
  }
  if (delivery.kind === 'gone' || row.attempts >= MAX_ATTEMPTS) {
    await drop(table, outbox, row, delivery);
  } else {
    outbox.report(row, delivery, false);
  }
  return false;
}

async function forget(table: Table, row: NoticeRow): Promise<void> {
  await table.remove(ACTIVE_PARTITION, noticeKey(row));
}

/** Notices that were not delivered, by target. */
export type DroppedNotices = Readonly<Record<string, number>>;

const DROPPED_KEY = 'dropped-notices';

async function drop(
  table: Table,
  outbox: Outbox,
  row: NoticeRow,
  delivery: Delivery,
): Promise<void> {
  outbox.report(row, delivery, true);
  await upsert<DroppedNotices>(table, APP_PARTITION, DROPPED_KEY, (found) => ({
    ...found,
    [row.to]: (found?.[row.to] ?? 0) + 1,
  }));
  await forget(table, row);
}

export async function readDropped(table: Table): Promise<DroppedNotices> {
  return versioned<DroppedNotices>(await table.get(APP_PARTITION, DROPPED_KEY))?.value ?? {};
}
