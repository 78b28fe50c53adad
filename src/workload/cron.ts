/** Six fields of a cron expression, seconds first, as the timer trigger of Azure Functions has them. */
export interface CronFields {
  readonly second: string;
  readonly minute: string;
  readonly hour: string;
  readonly dayOfMonth: string;
  readonly month: string;
  readonly dayOfWeek: string;
}

/** The nicknames of crontab(5), without `@reboot`, which is no time. */
export const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 0 1 1 *',
  '@annually': '0 0 0 1 1 *',
  '@monthly': '0 0 0 1 * *',
  '@weekly': '0 0 0 * * 0',
  '@daily': '0 0 0 * * *',
  '@midnight': '0 0 0 * * *',
  '@hourly': '0 0 * * * *',
};

/** The fields of an expression that `checkSchedule` accepts; of five fields the second is 0. */
export function cronFieldsOf(text: string): CronFields {
  const expression = NICKNAMES[text.trim().toLowerCase()] ?? text;
  const parts = expression.trim().split(/\s+/);
  const [second, minute, hour, dayOfMonth, month, dayOfWeek] = (
    parts.length === 5 ? ['0', ...parts] : parts
  ) as [string, string, string, string, string, string];
  return { second, minute, hour, dayOfMonth, month, dayOfWeek };
}

/** The six fields as one text. */
export function canonicalCron(text: string): string {
  return Object.values(cronFieldsOf(text)).join(' ');
}

/** The values of a field of numbers, ascending. `a/n` means every n from a on, as in NCRONTAB. */
export function valuesIn(field: string, low: number, high: number): readonly number[] {
  const values = new Set<number>();
  for (const item of field.split(',')) {
    const [range = '', step] = item.split('/');
    const [first, last] = range === '*' ? [low, high] : range.split('-').map(Number);
    const end = last ?? (step === undefined ? first : high);
    for (let value = first ?? low; value <= (end ?? high); value += Number(step ?? 1)) {
      values.add(value);
    }
  }
  return [...values].sort((one, other) => one - other);
}
