import { randomUUID } from 'node:crypto';
import type { Maybe, TypedData } from './wire';

/** The named values of an invocation, for the function and for expressions in its bindings. */
export type Metadata = Readonly<Record<string, TypedData>>;

/** The top-level members of a text that is a JSON object. */
export function membersOf(text: string): Metadata {
  if (!text.startsWith('{')) return {};
  try {
    const value = JSON.parse(text) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, member]) => member !== null && !Array.isArray(member))
        .map(([name, member]) => [
          name,
          typeof member === 'string' ? { string: member } : { json: JSON.stringify(member) },
        ]),
    );
  } catch {
    return {};
  }
}

/**
 * Replaces each `{expression}` of a binding's option:
 *
 *     expression = name { "." name }                      what the trigger knows, at any depth
 *                | ( "rand-guid" | "sys.randguid" ) [ ":" guid format ]
 *                | ( "datetime" | "sys.utcnow" ) [ ":" date format ]
 *
 * Names are compared without regard to case. `adapt` may change each value.
 */
export function resolveExpressions(
  template: string,
  metadata: Metadata,
  now: Date,
  adapt: (value: string, expression: string) => string = (value) => value,
): string {
  return template.replaceAll(/\{([^{}]+)\}/g, (_, expression: string) => {
    const value = valueOf(expression, metadata, now);
    if (value === undefined || value === null)
      throw new Error(`'{${expression}}' of '${template}' is not in the trigger's metadata.`);
    return adapt(typeof value === 'string' ? value : JSON.stringify(value), expression);
  });
}

function valueOf(expression: string, metadata: Metadata, now: Date): unknown {
  const [, name = expression, format] = /^([^:]+):(.+)$/.exec(expression) ?? [];
  const [first = '', ...rest] = name.split('.');
  const known = rest.reduce(memberOf, plainValue(entryOf(metadata, first)));
  if (known !== undefined) return known;
  if (/^(rand-guid|sys\.randguid)$/i.test(name)) return guidText(randomUUID(), format);
  if (/^(datetime|sys\.utcnow)$/i.test(name)) return dateText(now, format);
  return undefined;
}

function entryOf(record: Metadata, name: string): TypedData | undefined {
  const key = Object.keys(record).find((each) => each.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : record[key];
}

function memberOf(value: unknown, name: string): unknown {
  const holder = typeof value === 'string' ? parsed(value) : value;
  if (typeof holder !== 'object' || holder === null) return undefined;
  const found = Object.entries(holder).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found?.[1];
}

/** A text stays unchanged, also one that is JSON; only an access to a member parses it. */
function plainValue(data: Maybe<TypedData>): unknown {
  if (data?.string !== undefined) return data.string;
  if (data?.json !== undefined) return JSON.parse(data.json);
  return data?.int ?? data?.double;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The formats of .NET: D is the plain form, N has no dashes, B and P have brackets. */
function guidText(guid: string, format = 'D'): string {
  switch (format.toUpperCase()) {
    case 'D':
      return guid;
    case 'N':
      return guid.replaceAll('-', '');
    case 'B':
      return `{${guid}}`;
    case 'P':
      return `(${guid})`;
    default:
      throw new Error(`'${format}' is not a GUID format: N, D, B or P.`);
  }
}

/** The .NET format letters that are useful in file names; any other letter is literal. */
function dateText(now: Date, format = 'yyyy-MM-ddTHH-mm-ssK'): string {
  const iso = now.toISOString();
  const parts: Readonly<Record<string, string>> = {
    yyyy: iso.slice(0, 4),
    yy: iso.slice(2, 4),
    MM: iso.slice(5, 7),
    dd: iso.slice(8, 10),
    HH: iso.slice(11, 13),
    mm: iso.slice(14, 16),
    ss: iso.slice(17, 19),
    fff: iso.slice(20, 23),
    K: 'Z',
  };
  return format.replaceAll(/yyyy|yy|MM|dd|HH|mm|ss|fff|K/g, (part) => parts[part] ?? part);
}
