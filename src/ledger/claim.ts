import type { Claim } from '../run/run';
import { ACTIVE_PARTITION, partitionOf } from './keys';
import {
  changeActive,
  insert,
  isFinal,
  newActiveRow,
  newOccurrenceRow,
  readActive,
  readOccurrence,
  requireParts,
} from './ledger';
import type { ActiveRow } from './rows';
import type { Table } from './table';
import type { ClaimedRun } from '../run/ports';

/**
 * Claims a run for its orchestration, or confirms the claim: the fence between a run's row and its
 * orchestrations. An orchestration belongs to one term of its row; one that finds another term, or
 * the run final, ends and touches nothing. Rows that storage has lost (a killed Azurite loses up to
 * five seconds of writes) are written again.
 */
export async function claim(
  table: Table,
  run: ClaimedRun,
  deadline: string,
  now: string,
): Promise<Claim> {
  const found = await readActive(table, run.runId);
  if (found === null) return restore(table, run, deadline, now);
  const { value } = found;
  if (value.term !== run.term || value.state === 'ending') return { kind: 'superseded' };
  if (value.state === 'running') return claimed(value);
  if (value.state !== 'starting') return { kind: 'superseded' };
  const changed = await changeActive(table, run.runId, (row) =>
    row.term === run.term && row.state === 'starting'
      ? { ...row, state: 'running', since: now, deadline }
      : null,
  );
  return changed === null ? claim(table, run, deadline, now) : claimed(changed);
}

function claimed({ cancel, isClosing }: ActiveRow): Claim {
  return {
    kind: 'claimed',
    cancelledBy: cancel?.by ?? null,
    ...(isClosing === true && { isClosing }),
  };
}

/**
 * Confirms the claim for clean-up. The engine may deliver a step twice, minutes apart: a copy that comes
 * now would make again what is being deleted.
 */
export async function close(
  table: Table,
  run: ClaimedRun,
  deadline: string,
  now: string,
): Promise<Claim> {
  const found = await claim(table, run, deadline, now);
  if (found.kind !== 'claimed' || found.isClosing === true) return found;
  const changed = await changeActive(table, run.runId, (row) =>
    row.term === run.term && row.state === 'running' ? { ...row, isClosing: true } : null,
  );
  return changed === null ? claim(table, run, deadline, now) : claimed(changed);
}

async function restore(
  table: Table,
  run: ClaimedRun,
  deadline: string,
  now: string,
): Promise<Claim> {
  const { runId, term, instant, request } = run;
  const known = await readOccurrence(table, runId);
  if (isFinal(known)) return { kind: 'final' };
  const { knownAt = now, backfill } = known?.value ?? {};
  const { attempt = 0, retryOf } = known?.value ?? run;
  const link = retryOf === undefined ? {} : { retryOf };
  const mayTake = { nodeMinutes: 0, cost: null };
  const mark = backfill === undefined ? {} : { backfill };
  const identity = { request, instant, attempt, ...link };
  const lost = { ...identity, startBy: deadline, priority: 0, mayTake, ...mark };
  const row: ActiveRow = {
    ...newActiveRow(runId, lost, knownAt),
    state: 'running',
    term,
    since: now,
    deadline,
  };
  await insert(table, ACTIVE_PARTITION, runId, row);
  if (known === null) {
    const occurrence = newOccurrenceRow(runId, identity, now);
    await insert(table, partitionOf(request.workload), requireParts(runId).rowKey, occurrence);
  }
  // The run may have been brought to its end since its row was read.
  if (isFinal(await readOccurrence(table, runId))) {
    await table.remove(ACTIVE_PARTITION, runId);
    return { kind: 'final' };
  }
  return claim(table, run, deadline, now);
}

/** Asks a run to end; false when there is nothing (left) to end. */
export async function requestCancel(
  table: Table,
  runId: string,
  by: string,
  now: string,
): Promise<boolean> {
  const changed = await changeActive(table, runId, (row) =>
    row.cancel === null ? { ...row, cancel: { at: now, by } } : row,
  );
  return changed !== null;
}
