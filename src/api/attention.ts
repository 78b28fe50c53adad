import { isWaiting } from '../ledger/admission';
import { dueOf } from '../ledger/notices';
import { isAskedFor, type ActiveRow, type OccurrenceRow } from '../ledger/rows';
import { canWork, count } from '../run/provision/nodes';
import type { Workload } from '../workload/workload';
import type { ActiveRun } from './run-lines';
import type { AttentionView } from './schemas/overview';

/** Finds the conditions of a workload that need attention. Pure. */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** A missed due time is shown for a week, also when later ones have succeeded. */
const MISSED_DAYS = 7;
/** The defaults of `lateMinutes`, and most of the time that a node takes to start. */
const LATE_MINUTES = 30;
const CAPACITY_MINUTES = 15;

export interface AttentionInput {
  readonly workload: Workload;
  readonly active: readonly ActiveRun[];
  /** The latest occurrences that are final, newest first. */
  readonly final: readonly OccurrenceRow[];
  readonly now: string;
}

export function attentionOf(input: AttentionInput): readonly AttentionView[] {
  return [
    ...failing(input),
    ...missed(input),
    ...input.active.flatMap(({ row, status }) => [
      ...late(row, input.now),
      ...withoutNodes({ row, status }, input.now),
    ]),
    ...budgetReached(input),
  ];
}

/** The runs that have failed since the last success, as one. */
function* failing({ workload, final }: AttentionInput): Generator<AttentionView> {
  const success = final.findIndex(({ state }) => state === 'succeeded');
  const since = success === -1 ? final : final.slice(0, success);
  const failed = since.filter(({ state }) => state === 'failed' || state === 'timedOut');
  const [newest] = failed;
  if (newest === undefined) return;
  const { runId, endedAt, instant, cause } = newest;
  const runs = `${count(failed.length, 'run')} of ${workload.name}`;
  const last = final[success];
  const ago = last === undefined ? '' : ` since the success of ${last.endedAt ?? last.instant}`;
  yield {
    kind: 'failing',
    workload: workload.name,
    runId,
    sentence: `${runs} did not succeed${ago}${cause === null ? '' : `: ${cause}`}`,
    at: endedAt ?? instant,
  };
}

function* missed({ workload, final, now }: AttentionInput): Generator<AttentionView> {
  const from = new Date(Date.parse(now) - MISSED_DAYS * DAY_MS).toISOString();
  // A later attempt of a due time has its row beside the first one.
  const retried = new Set(final.flatMap(({ retryOf }) => (retryOf === undefined ? [] : [retryOf])));
  const all = final.filter(
    ({ state, instant, runId }) => state === 'missed' && instant >= from && !retried.has(runId),
  );
  const [newest] = all;
  if (newest === undefined) return;
  const { runId, instant, cause } = newest;
  yield {
    kind: 'missed',
    workload: workload.name,
    runId,
    sentence: `${count(all.length, 'occurrence')} of ${workload.name} missed in the last ${MISSED_DAYS} days${cause === null ? '' : `: ${cause}`}`,
    at: instant,
  };
}

/** A due time that has not started. What somebody asked for later, and what a pause holds, is not late. */
function* late(row: ActiveRow, now: string): Generator<AttentionView> {
  const due = dueOf(row.request);
  if (due === null || !isWaiting(row) || isAskedFor(row)) return;
  if (row.reason?.code === 'paused' || row.reason?.code === 'budgetReached') return;
  const minutes = (Date.parse(now) - Date.parse(due)) / MINUTE_MS;
  if (minutes <= LATE_MINUTES) return;
  const { runId, workload, reason } = row;
  const why = reason === null ? '' : `: ${reason.cause}`;
  const sentence = `the run due at ${due} has not started after ${Math.floor(minutes)} minutes${why}`;
  yield { kind: 'late', workload, runId, sentence, at: due };
}

function* withoutNodes(
  { row, status }: Pick<ActiveRun, 'row' | 'status'>,
  now: string,
): Generator<AttentionView> {
  if (status === null || (status.phase !== 'provisioning' && status.phase !== 'watching')) return;
  if (status.nodes !== null && canWork(status.nodes) > 0) return;
  const { runId, workload } = row;
  const provisioned = status.timeline.find(({ phase }) => phase === 'provisioning')?.at;
  const at = row.withoutNodesSince ?? provisioned ?? row.since;
  if (Date.parse(now) - Date.parse(at) <= CAPACITY_MINUTES * MINUTE_MS) return;
  const sentence = `the run has no node and waits for ${status.waitingFor ?? 'one'}`;
  yield { kind: 'waitingForCapacity', workload, runId, sentence, at };
}

/** Occurrences that wait for a budget, or were refused by it in this month. */
function* budgetReached({
  workload,
  active,
  final,
  now,
}: AttentionInput): Generator<AttentionView> {
  const waits = active.find(({ row }) => row.reason?.code === 'budgetReached')?.row;
  const refused = final.find(
    ({ code, endedAt }) => code === 'budgetExceeded' && endedAt?.slice(0, 7) === now.slice(0, 7),
  );
  const found = waits ?? refused;
  if (found === undefined) return;
  const cause = waits?.reason?.cause ?? refused?.cause ?? 'the budget of the month is reached';
  const at = waits?.since ?? refused?.endedAt ?? now;
  const { name } = workload;
  yield { kind: 'budgetReached', workload: name, runId: found.runId, sentence: cause, at };
}
