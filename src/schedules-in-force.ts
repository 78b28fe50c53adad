import { hashOf } from './ledger/keys';
import type { DeclaredSchedule, SchedulesInForce } from './ledger/schedules';
import { checkSchedule } from './workload/checks/schedule';
import type { Schedule } from './workload/schedule-schema';
import type { Workloads } from './workload/workload';

/** The app setting that overrides the schedule of a workload. */
export function scheduleSetting(workload: string): string {
  return `SCHEDULE_${workload.toUpperCase().replaceAll('-', '_')}`;
}

interface ScheduleSource {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly taskHub: string;
  /** Of schedules that name none. */
  readonly zone: string;
}

/** The schedules by workload. Adds the error of each setting that is not a schedule to `errors`. */
export function readSchedules(
  source: ScheduleSource,
  workloads: Workloads,
  errors: string[],
): SchedulesInForce {
  const schedules: Record<string, readonly DeclaredSchedule[]> = {};
  for (const { name, triggers } of workloads.values()) {
    const [first] = triggers.schedule ?? [];
    if (first === undefined) continue;
    const setting = scheduleSetting(name);
    const text = source.environment[setting] ?? '';
    const message = text === '' ? undefined : checkSchedule(text);
    if (message !== undefined) errors.push(`${setting}: ${message}`);
    const all = text === '' ? (triggers.schedule ?? []) : [{ ...first, cron: text }];
    schedules[name] = all.map((schedule, index) => inForce(source, name, schedule, index));
  }
  return schedules;
}

/** Fields that are left out or have their default are left out: the ledger compares what it keeps. */
function inForce(
  { taskHub, zone }: ScheduleSource,
  workload: string,
  schedule: Schedule,
  index: number,
): DeclaredSchedule {
  const { cron, timeZone = zone, exclude, jitterMinutes, from, until, catchUp } = schedule;
  const { catchUpHours, startWithinMinutes } = schedule;
  const chance = Number.parseInt(hashOf(`${taskHub} ${workload} ${index}`, 8), 16);
  const delayMinutes = chance % (jitterMinutes + 1);
  return {
    workload,
    index,
    cron,
    timeZone,
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
    ...(exclude.length > 0 && { exclude }),
    ...(delayMinutes > 0 && { delayMinutes }),
    catchUp,
    ...(catchUpHours !== undefined && { catchUpHours }),
    ...(startWithinMinutes !== undefined && { startWithinMinutes }),
  };
}
