import { localDate, localTime } from '../workload/local-time';

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The weekday of a local day, such as `Tue`. */
export function weekdayOf(day: string): string {
  return WEEKDAYS[new Date(`${day}T00:00:00Z`).getUTCDay()] ?? '';
}

/** The local time of an instant, such as `Tue 2026-12-01 02:00`. */
export function timeText(instant: string, zone: string): string {
  const at = Date.parse(instant);
  const day = localDate(at, zone);
  return `${weekdayOf(day)} ${day} ${localTime(at, zone).slice(11, 16)}`;
}
