import type { Account, Schedule } from '../state/account';

/** What follows for a schedule when one of its jobs ended. */
export function reviewSchedule(account: Account, schedule: Schedule): void {
  if (account.schedules.get(schedule.key) !== schedule) return;
}
