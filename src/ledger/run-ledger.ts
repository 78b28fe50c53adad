import type { RunRecord, RunRequest } from '../run/run';
import { claim, close } from './claim';
import { finish, type Announce, type Ending } from './finish';
import { newOccurrenceRow } from './ledger';
import { listActive } from './list';
import { isAdmitted } from './admission';
import { NO_OUTBOX, type Outbox } from './notices';
import type { Table } from './table';
import type { RunLedger } from '../run/ports';

/** The run's port on the ledger. */
export function runLedgerOn(
  table: Table,
  announce: Announce = () => undefined,
  outbox: Outbox = NO_OUTBOX,
): RunLedger {
  return {
    claim: (run, deadline, now) => claim(table, run, deadline, now),
    close: (run, deadline, now) => close(table, run, deadline, now),
    hasOtherActiveRun: async (workload, runId) =>
      (await listActive(table)).some(
        (row) => row.workload === workload && row.runId !== runId && isAdmitted(row),
      ),
    finish: async ({ runId, request, instant, attempt = 0, retryOf }, record) => {
      // Written where storage has lost the row; else the row that is there leads.
      const link = retryOf === undefined ? {} : { retryOf };
      const known = { request, instant, attempt, ...link };
      const row = newOccurrenceRow(runId, known, record.startedAt);
      await finish(table, row, endingOf(record), announce, outbox);
    },
  };
}

/** The request of a recorded run. A record does not have the parameters. */
export function requestIn({ workload, occurrence }: RunRecord): RunRequest {
  const blob = occurrence.kind === 'blob' ? { blob: occurrence.name } : {};
  return { workload, occurrence, parameters: {}, ...blob };
}

/** The end of an occurrence as its record says it. */
export function endingOf({
  outcome,
  startedAt,
  endedAt,
  nodeMinutes,
  estimatedCost,
  dedicatedMinutes,
  preemptions,
  vmSize,
}: RunRecord): Ending {
  const isMissed = outcome.kind === 'skipped' && outcome.code === 'startWindowEnded';
  return {
    state: isMissed ? 'missed' : outcome.kind,
    startedAt,
    endedAt,
    code: outcome.kind === 'succeeded' ? null : outcome.code,
    cause: outcome.kind === 'succeeded' ? null : outcome.cause,
    nodeMinutes,
    cost: estimatedCost,
    dedicatedMinutes,
    preemptions,
    ...(vmSize !== undefined && { vmSize }),
  };
}
