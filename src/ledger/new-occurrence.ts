import type { RunRequest } from '../run/run';
import { costOf } from '../workload/prices';
import type { Workload } from '../workload/workload';
import { partsOfRunId } from './keys';
import type { NewOccurrence } from './ledger';
import type { BackfillMark } from './rows';

/** Data on an occurrence that its request does not hold. */
export interface KnownOccurrence {
  /** The last change of a blob; now where it is left out. A due time is its own instant. */
  readonly instant?: string;
  /** End of the start window; by default that of the workload, from now on. */
  readonly startBy?: string;
  /** The backfill that asks for it: such an occurrence starts after others, within seven days. */
  readonly backfill?: BackfillMark;
}

const MINUTE_MS = 60_000;
const BACKFILL_WINDOW_MINUTES = 7 * 24 * 60;
/** Admission raises the priority of what waits by one each hour: a day later it is that of others. */
const BACKFILL_LATER_BY = 24;

/** An occurrence as it is registered first, with the most that its run may take. */
export function newOccurrenceOf(
  workload: Workload,
  request: RunRequest,
  known: KnownOccurrence,
  now: string,
): Omit<NewOccurrence, 'owner'> {
  const { startWithinMinutes, deadlineMinutes, priority, pool } = workload;
  const { backfill } = known;
  const isBackfill = backfill !== undefined;
  const window = isBackfill ? BACKFILL_WINDOW_MINUTES : (startWithinMinutes ?? deadlineMinutes);
  const instant = instantOf(request, known.instant, now);
  // A due time that is made up late still has its window, from the moment it is known.
  const startBy = known.startBy ?? new Date(Date.parse(now) + window * MINUTE_MS).toISOString();
  const nodeMinutes = pool.existing === undefined ? pool.maxNodes * deadlineMinutes : 0;
  // With `dedicatedAfterMinutes` all nodes may become dedicated.
  const dedicated = pool.dedicatedAfterMinutes === undefined ? pool.dedicatedNodes : pool.maxNodes;
  const cost = costOf(
    { nodeMinutes, dedicatedMinutes: (dedicated / pool.maxNodes) * nodeMinutes },
    pool.pricePerNodeHour ?? null,
  );
  return {
    request,
    instant,
    attempt: 0,
    startBy,
    priority: isBackfill ? priority - BACKFILL_LATER_BY : priority,
    mayTake: { nodeMinutes, cost },
    ...(isBackfill && { backfill }),
  };
}

function instantOf({ occurrence }: RunRequest, given: string | undefined, now: string): string {
  switch (occurrence.kind) {
    case 'schedule':
    case 'afterAll':
      return occurrence.due;
    case 'after':
      return partsOfRunId(occurrence.runId)?.instant ?? given ?? now;
    case 'blob':
    case 'request':
      return given ?? now;
  }
}
