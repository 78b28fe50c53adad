/** `{due}` and `{due:yyyy/MM/dd}`, the due time of a run in the zone of its schedule. */
const PLACEHOLDER = /\{due(?::([^{}]*))?\}/g;
const DEFAULT_FORMAT = 'yyyy-MM-dd';
/** Year, month, day, hour and minute, with characters that names of folders have between them. */
const FORMAT = /^(?:yyyy|MM|dd|HH|mm|[/_.-])+$/;

/** Replaces each `{due:…}`. @param local the due time in its zone, as ISO 8601 text without a zone */
export function withDueTime(text: string, local: string): string {
  const [, yyyy = '', MM = '', dd = '', HH = '', mm = ''] =
    /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(local) ?? [];
  const parts: Readonly<Record<string, string>> = { yyyy, MM, dd, HH, mm };
  return text.replaceAll(PLACEHOLDER, (_, format: string | undefined) =>
    (format ?? DEFAULT_FORMAT).replaceAll(/yyyy|MM|dd|HH|mm/g, (part) => parts[part] ?? part),
  );
}

export function hasDueTime(text: string): boolean {
  return text.includes('{due');
}

/** Returns why a text with `{due` is not valid; undefined when it is. */
export function checkDueText(text: string): string | undefined {
  const rest = text.replaceAll(PLACEHOLDER, (whole, format: string | undefined) =>
    FORMAT.test(format ?? DEFAULT_FORMAT) ? '' : whole,
  );
  if (!hasDueTime(rest)) return undefined;
  return `${JSON.stringify(text)} has an invalid {due…}; write {due} for the day of the due time, or {due:yyyy/MM/dd} with yyyy, MM, dd, HH, mm and / - _ . between them`;
}
