import type { Played } from '../../src/rehearse/play';
import type { RunRecord } from '../../src/run/run';
import { billOf } from '../../src/rehearse/batch-nodes';
import {
  cancelledAt,
  hasFault,
  isGentle,
  isLong,
  lostAt,
  minutesAway,
  minutesDown,
  MINUTE_MS,
  was,
  type RunFacts,
} from './facts';

/** Checks of records: that each run has one, and what it says. */

type Runs = readonly RunFacts[];

export function withoutRecord(runs: Runs): string[] {
  return (
    runs
      // A due time that nothing started has its row alone.
      .filter(
        ({ record, row, wasStarted }) => record === null && (wasStarted || row?.state !== 'missed'),
      )
      .map(
        ({ runId, instance }) =>
          `${runId} has no record (${instance?.state ?? 'purged'}: ${instance?.output?.slice(0, 150) ?? ''})`,
      )
  );
}

export function recorded(world: Played, runs: Runs): string[] {
  const found = withoutRecord(runs.filter((run) => !was(run, 'terminate', 'purge')));
  for (const { plan, status } of world.occurrences) {
    const isStarted = runs.some(
      ({ app, request }) =>
        app.id === plan.app &&
        request.workload === plan.workload &&
        isOf(request.occurrence, plan.key, plan.at),
    );
    if (status === 'accepted' && !isStarted) found.push(`${plan.key} was accepted and has no run`);
  }
  return found;
}

function isOf(occurrence: RunFacts['request']['occurrence'], key: string, at: number): boolean {
  switch (occurrence.kind) {
    case 'schedule':
      return Date.parse(occurrence.due) === at;
    case 'blob':
      return occurrence.name === key;
    case 'request':
      return occurrence.key === key;
    case 'after':
    case 'afterAll':
      return false;
  }
}

/** Whatever became of its trigger: the reconciler finds a due time, and a blob that is still there. */
export function missed({ occurrences, interference }: Played, runs: Runs): string[] {
  return occurrences
    .filter(
      ({ plan }) =>
        plan.kind === 'schedule' ||
        (plan.kind === 'blob' && !interference.some(({ what }) => what === plan.key)),
    )
    .filter(
      ({ plan }) =>
        !runs.some(
          ({ app, request, row }) =>
            app.id === plan.app &&
            request.workload === plan.workload &&
            isOf(request.occurrence, plan.key, plan.at) &&
            row !== null,
        ),
    )
    .map(({ plan, status, reason }) => `${plan.key} has no row (${status} ${reason})`);
}

export function followed(_: Played, runs: Runs): string[] {
  return runs.flatMap((run) => {
    const { app, runId, workload, record } = run;
    if (workload.name !== 'nightly' || record === null) return [];
    // A run that begins once more after a purge may end in another way.
    if (was(run, 'purge', 'terminate')) return [];
    const follower = runs.find(
      ({ app: other, request: { occurrence } }) =>
        other === app && occurrence.kind === 'after' && occurrence.runId === runId,
    );
    const { outcome, followers } = record;
    if (outcome.kind !== 'succeeded') {
      return follower === undefined || isEarlier(follower, run)
        ? []
        : [`${follower.runId} follows ${runId}, which failed`];
    }
    const isExcused = followers.some(({ cause }) => cause !== undefined);
    return follower !== undefined || isExcused ? [] : [`nothing follows ${runId}`];
  });
}

/** A run that had succeeded and started its follower may be lost before it writes its record. */
function isEarlier({ row }: RunFacts, run: RunFacts): boolean {
  const takenAt = lostAt(run);
  return takenAt !== null && row !== null && Date.parse(row.knownAt) <= takenAt;
}

/** The reconciler ends what is active 32 hours after its deadline, of which a clean-up may take two. */
const OVERDUE_MINUTES = 1500;

/** An orchestration is lost only where somebody ended it, or storage or hosts were away for long. */
export function lostWithReason(world: Played, runs: Runs): string[] {
  if (minutesAway(world, 'files') + minutesDown(world) >= OVERDUE_MINUTES) return [];
  return runs.flatMap((run) => {
    const { record, runId } = run;
    if (record === null || !isLost(record) || was(run, 'terminate', 'purge')) return [];
    return record.outcome.kind === 'succeeded' ? [] : [`${runId}: ${record.outcome.cause}`];
  });
}

function isLost({ outcome }: RunRecord): boolean {
  return outcome.kind !== 'succeeded' && outcome.cause.startsWith('the run could not end itself');
}

/** A person who looks for a cause finds a code and a sentence. */
export function caused(_: Played, runs: Runs): string[] {
  return runs.flatMap(({ runId, record }) => {
    if (record === null || record.outcome.kind === 'succeeded') return [];
    const { code, cause } = record.outcome;
    if (code === 'internal' && !isLost(record)) return [`${runId} failed by a bug: ${cause}`];
    return cause.trim() === '' ? [`${runId} failed without a cause`] : [];
  });
}

export function faultless({ plan, occurrences }: Played, runs: Runs): string[] {
  if (plan.faults.length > 0 || plan.apps.length > 1 || !isGentle(plan.weather)) return [];
  // At a bound an HTTP caller receives an error.
  if (plan.kind === 'bounds') return [];
  const bad = runs.flatMap(({ runId, record, workload }) => {
    const kind = record?.outcome.kind ?? 'nothing';
    const mayBe =
      workload.overlap === 'replace'
        ? ['succeeded', 'skipped', 'cancelled']
        : ['succeeded', 'skipped'];
    return mayBe.includes(kind) ? [] : [`${runId} ended as ${JSON.stringify(record?.outcome)}`];
  });
  const unheard = occurrences
    .filter(({ status }) => status !== 'accepted')
    .map(({ plan, reason }) => `${plan.key} was not accepted: ${reason}`);
  return [...bad, ...unheard];
}

/** A run sees its nodes every few minutes, and not during an outage: faultless worlds alone are compared. */
export function billed({ plan, agenda }: Played, runs: Runs): string[] {
  if (plan.faults.length > 0 || plan.apps.length > 1 || !isGentle(plan.weather)) return [];
  return runs.flatMap(({ runId, record, pools }) => {
    const [pool] = pools;
    if (record === null || pool === undefined || pool.spec?.retainedUntil !== null) return [];
    const bill = billOf(pool, agenda.now);
    const off = Math.abs(bill - record.nodeMinutes);
    return off <= 4 + bill * 0.15
      ? []
      : [`${runId} says ${record.nodeMinutes} node-minutes and was billed ${bill.toFixed(1)}`];
  });
}

/** The reconciler takes the time of an end before its calls, each of which may be slow. */
const PASS_MS = 2 * MINUTE_MS;

/** What a record says was deleted answers 404 by then, and nothing is "being deleted" for ever. */
export function cleanedUp(world: Played, runs: Runs): string[] {
  const { apps, plan } = world;
  return runs.flatMap((run) => {
    const { app, runId, record, jobs, pools, workload } = run;
    if (record === null || apps.length > 1) return [];
    // A call that was under way then may still be carried out; the reaper deletes what it makes.
    const takenAt = lostAt(run) ?? Infinity;
    const endedAt = Date.parse(record.endedAt) + (isLost(record) ? PASS_MS : 0);
    return record.cleanedUp.flatMap(({ resource, id, state }) => {
      if (state === 'deleting') return [`${runId} ended while its ${resource} was being deleted`];
      if (state === 'leftBehind' && cleaningMinutes(record) < LEAVE_MINUTES) {
        return [`${runId} did not wait for the deletion of its ${resource}`];
      }
      if (state !== 'deleted' || workload.pool.keep !== undefined) return [];
      if (resource === 'staging' || resource === 'outputs') {
        if (takenAt < Infinity && plan.slowCalls > 0) return [];
        const later = app.parts.files.removed.some(({ name, at }) => name === id && at > endedAt);
        return later ? [`${runId} calls its ${resource} deleted, which was there`] : [];
      }
      const made = resource === 'pool' ? pools : jobs;
      const isThere = made.some(
        ({ madeAt, goneAt }) =>
          madeAt <= Math.min(endedAt, takenAt) && (goneAt ?? Infinity) > endedAt,
      );
      return isThere ? [`${runId} calls its ${resource} deleted, which was there`] : [];
    });
  });
}

/** Nothing is left behind before. */
const LEAVE_MINUTES = 115;

/** The reconciler, which ends lost runs, has no phases. */
function cleaningMinutes({ timeline, endedAt }: RunRecord): number {
  const from = timeline.find(({ phase }) => phase === 'cleaningUp');
  return from === undefined ? Infinity : (Date.parse(endedAt) - Date.parse(from.at)) / MINUTE_MS;
}

/** Clean-up gives up after two hours, a step of it after some minutes. */
const CLEAN_UP_MINUTES = 150;

export function endsInTime(world: Played, runs: Runs): string[] {
  if (hasFault(world, 'hostDown', 'lateTimers') || isLong(world, 'files', 1)) return [];
  return runs.flatMap(({ runId, record }) => {
    if (record === null) return [];
    const cleaned = cleaningMinutes(record);
    const minutes = cleaned === Infinity ? 0 : cleaned;
    const [first] = record.timeline;
    const found =
      first?.phase === 'ended' || first?.at === record.startedAt
        ? []
        : [`${runId} moved its start`];
    if (minutes <= CLEAN_UP_MINUTES) return found;
    return [...found, `${runId} cleaned up for ${Math.round(minutes)} minutes`];
  });
}

const LATE_MINUTES = 30;

/** A run that has waited for others, or for a quota, until its start window ended does not begin. */
export function beginsInTime(world: Played, runs: Runs): string[] {
  if (hasFault(world, 'hostDown', 'lateTimers', 'outage', 'outageFrom')) return [];
  return runs.flatMap(({ runId, record, row, workload }) => {
    const watching = record?.timeline.find(({ phase }) => phase === 'watching');
    if (record === null || row === null || watching === undefined) return [];
    const window = workload.startWithinMinutes ?? workload.deadlineMinutes;
    const waited = (Date.parse(record.startedAt) - Date.parse(row.knownAt)) / MINUTE_MS;
    if (waited > window + LATE_MINUTES) {
      return [`${runId} was started ${Math.round(waited)} minutes after its occurrence`];
    }
    const minutes = (Date.parse(watching.at) - Date.parse(record.startedAt)) / MINUTE_MS;
    return minutes > window + LATE_MINUTES
      ? [`${runId} began ${Math.round(minutes)} minutes after its start`]
      : [];
  });
}

/** A poll comes every five minutes at the latest. */
const CANCEL_MINUTES = 20;

export function heedsCancel(world: Played, runs: Runs): string[] {
  if (hasFault(world, 'hostDown', 'lateTimers', 'outage', 'outageFrom')) return [];
  const { faults } = world.plan;
  if (faults.some((fault) => fault.kind === 'call' && fault.effect === 'throttled')) return [];
  if (world.apps.length > 1) return [];
  return runs.flatMap((run) => {
    const { record, runId } = run;
    const at = cancelledAt(world, run, runs);
    if (record === null || at === null || record.outcome.kind === 'cancelled') return [];
    const harvesting = record.timeline.find(({ phase }) => phase === 'harvesting')?.at ?? '';
    const bound = at + CANCEL_MINUTES * MINUTE_MS;
    return Date.parse(harvesting) > bound
      ? [`${runId} went on until ${harvesting} after a cancel`]
      : [];
  });
}
