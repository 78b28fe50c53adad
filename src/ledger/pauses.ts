import { ACTIVE_PARTITION, ADMISSION_KEY } from './keys';
import { upsert, versioned } from './ledger';
import {
  ALL_WORKLOADS,
  isAskedFor,
  OPEN_ADMISSION,
  type ActiveRow,
  type AdmissionControl,
  type Pause,
  type Reason,
} from './rows';
import type { Table } from './table';

/**
 * Pauses of workloads. Due times of a pause are recorded as skipped, blobs and follow-ups wait until
 * its end, and a start by hand runs.
 */

type Pauses = Pick<AdmissionControl, 'pauses'>;

/** The pause of a workload, or that of all, at an instant; null when neither is paused. */
export function pauseAt({ pauses = {} }: Pauses, workload: string, at: string): Pause | null {
  const found = [pauses[workload], pauses[ALL_WORKLOADS]].find(
    (pause) => pause !== undefined && covers(pause, at),
  );
  return found ?? null;
}

function covers({ since, until }: Pause, at: string): boolean {
  return since <= at && (until === null || at < until);
}

/** Why a due time is skipped; null for one that was in no pause, and for any other occurrence. */
export function skippedByPause(control: Pauses, row: ActiveRow): Reason | null {
  const isDueTime = row.request.occurrence.kind === 'schedule';
  return isDueTime ? reasonAt(control, row, row.instant, 'skipped') : null;
}

/** Why an occurrence waits; null where it may start. */
export function heldByPause(control: Pauses, row: ActiveRow, now: string): Reason | null {
  return reasonAt(control, row, now, 'waiting');
}

function reasonAt(
  control: Pauses,
  row: ActiveRow,
  at: string,
  kind: 'skipped' | 'waiting',
): Reason | null {
  const { workload, request } = row;
  if (request.occurrence.kind === 'request' || isAskedFor(row)) return null;
  const pause = pauseAt(control, workload, at);
  return pause === null ? null : { kind, code: 'paused', cause: sentenceOn(workload, pause) };
}

/** One sentence on a pause, for people. */
export function sentenceOn(workload: string, { since, until, by, reason }: Pause): string {
  const end = until === null ? '' : `, until ${until}`;
  return `${workload} was paused by ${by} at ${since}${end}: ${reason}`;
}

/** Milliseconds of pauses since an occurrence is known, which do not count against its start window. */
export function pausedSince(
  { pauses = {} }: Pauses,
  { workload, knownAt }: ActiveRow,
  now: string,
): number {
  const spans = [pauses[workload], pauses[ALL_WORKLOADS]].flatMap((pause) => {
    if (pause === undefined) return [];
    const from = Date.parse(pause.since > knownAt ? pause.since : knownAt);
    const end = pause.until === null || pause.until > now ? now : pause.until;
    return [Math.max(0, Date.parse(end) - from)];
  });
  return Math.max(0, ...spans);
}

/** Pauses a workload, or all (`ALL_WORKLOADS`); a pause that is there is replaced, and keeps its start. */
export async function pause(
  table: Table,
  workload: string,
  { since, until, by, reason }: Pause,
): Promise<void> {
  await change(table, workload, (found) => {
    const isPaused = found !== undefined && covers(found, since);
    return { since: isPaused ? found.since : since, until, by, reason };
  });
}

/** Ends a pause. @returns false when there was none */
export async function resume(table: Table, workload: string, now: string): Promise<boolean> {
  let wasPaused = false;
  await change(table, workload, (found) => {
    wasPaused = found !== undefined && covers(found, now);
    return found === undefined || !wasPaused ? found : { ...found, until: now };
  });
  return wasPaused;
}

/** All pauses, by the name of their workload. */
export async function readPauses(table: Table): Promise<Pauses> {
  const row = await table.get(ACTIVE_PARTITION, ADMISSION_KEY);
  return versioned<AdmissionControl>(row)?.value ?? {};
}

async function change(
  table: Table,
  workload: string,
  next: (found: Pause | undefined) => Pause | undefined,
): Promise<void> {
  await upsert<AdmissionControl>(table, ACTIVE_PARTITION, ADMISSION_KEY, (found) => {
    const control = found ?? OPEN_ADMISSION;
    const changed = next(control.pauses?.[workload]);
    return changed === undefined
      ? control
      : { ...control, pauses: { ...control.pauses, [workload]: changed } };
  });
}
