import type { RunRequest } from '../run/run';
import { parametersOf } from '../workload/parameters';
import { register, type NewOccurrence } from './ledger';
import { newOccurrenceOf } from './new-occurrence';
import { followUpsOf, type Declared } from './predecessors';
import type { BackfillMark } from './rows';
import type { Table } from './table';

export interface FollowUpContext extends Declared {
  readonly table: Table;
  readonly owner: () => Promise<string>;
  readonly now: () => Date;
}

/**
 * Registers the occurrences that wait for this one and others of the same due time. What waits for another
 * attempt of a run gets an attempt of its own, where its last one has ended.
 */
export async function registerFollowUps(
  context: FollowUpContext,
  { workload, occurrence }: RunRequest,
  attempt: number,
  backfill?: BackfillMark,
): Promise<void> {
  const isRetry = attempt > 0 && occurrence.kind === 'afterAll';
  if (occurrence.kind !== 'schedule' && !isRetry) return;
  const { due, timeZone = 'UTC' } = occurrence;
  const now = context.now().toISOString();
  const mark = backfill === undefined ? {} : { backfill };
  for (const followUp of followUpsOf(context, workload, due, timeZone)) {
    const follower = context.workloads.get(followUp.workload);
    if (follower === undefined) continue;
    const request = { ...followUp, parameters: parametersOf(follower, {}) };
    // Admission counts the window from the end of what it waits for.
    const startBy = new Date(Date.parse(now) + LONGEST_WAIT_MS).toISOString();
    const fresh = {
      ...newOccurrenceOf(follower, request, { startBy, ...mark }, now),
      owner: await context.owner(),
    };
    const registered = await register(context.table, fresh, now);
    if (attempt === 0 || registered.active !== null) continue;
    await registerNext(context.table, fresh, now);
  }
}

/** More than the deadline of any run, its start window and what may queue before it. */
const LONGEST_WAIT_MS = 14 * 86_400_000;

/** Registers the first attempt that is not final. */
async function registerNext(table: Table, occurrence: NewOccurrence, now: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const { active } = await register(table, { ...occurrence, attempt }, now);
    if (active !== null) return;
  }
}
