import { groupOf } from '../workload/after-schema';
import { dueTimesIn } from './due-times';
import { nextCommonDueTime, type Declared } from './predecessors';
import type { DeclaredSchedule } from './schedules';

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Until its node is ready, a run with its own pool takes about this long. */
const SHORTEST_RUN_MINUTES = 10;
const LOOK_AHEAD_DAYS = 400;
const MAX_DUE_TIMES = 200;

/** Warnings about schedules that are valid and may surprise, as seen from now. */
export function scheduleWarningsOf(
  schedules: readonly DeclaredSchedule[],
  overlap: 'forbid' | 'queue' | 'replace' | 'allow',
  now: Date,
): readonly string[] {
  return schedules.flatMap((schedule) => {
    const until = new Date(now.getTime() + LOOK_AHEAD_DAYS * 24 * HOUR_MS).toISOString();
    const due = dueTimesIn(schedule, now.toISOString(), until, MAX_DUE_TIMES);
    if (due.length === 0) return [`schedule "${schedule.cron}" is not due within a year`];
    const shortest = shortestIntervalOf(due);
    if (overlap === 'allow' || shortest >= SHORTEST_RUN_MINUTES) return [];
    const effect = {
      forbid: 'most due times will be skipped',
      queue: 'the queue will grow',
      replace: 'runs will replace each other before they end',
    }[overlap];
    return [
      `schedule "${schedule.cron}" is due every ${shortest} minutes, and a run with its own pool takes ${SHORTEST_RUN_MINUTES} or more: with overlap '${overlap}' ${effect}`,
    ];
  });
}

/** A warning about a workload that waits for others which are never due at the same time. */
export function commonDueWarnings(declared: Declared, name: string, now: Date): readonly string[] {
  const workload = declared.workloads.get(name);
  const group = workload === undefined ? null : groupOf(workload);
  if (group === null || nextCommonDueTime(declared, name, now.toISOString()) !== null) return [];
  return [
    `${group.all.join(' and ')} have no due time in common within a year, so no run of ${name} will start by itself; a due time is an instant, so that schedules of different hours or zones differ`,
  ];
}

function shortestIntervalOf(due: readonly string[]): number {
  const times = due.map((at) => Date.parse(at) / MINUTE_MS);
  return Math.min(...times.slice(1).map((at, index) => at - (times[index] ?? 0)));
}
