import { type QueryField, QueryError, applySelect, parseFilter, readSelect } from '../query';
import type { Call, Reply } from './call';
import { invalidQuery } from './refusals';

/** The query options of one list. */
export interface Listing {
  /** The type in `odata.metadata`. */
  readonly metadata: string;
  readonly filterable: readonly QueryField[];
  /** Properties that `$select` may name. */
  readonly selectable: readonly string[];
  readonly expands?: boolean;
  /** Maximum page size, where it is less than a thousand. */
  readonly maxPageSize?: number;
}

const MAX_PAGE_SIZE = 1000;

/** An item of a list: its position, and its view, created when it is needed. */
export interface ListItem<Position extends number | string = number> {
  readonly seq: Position;
  readonly view: () => object;
}

/**
 * One page of a list. Items are in the order of their creation; the link to the next page contains
 * the last position, so that deletions and additions between two pages neither repeat nor hide
 * other items.
 */
export function pageOf(
  call: Call<unknown, string>,
  listing: Listing,
  after: (seq: number) => Iterable<ListItem>,
): Reply {
  const start = Number(call.query.get('$skiptoken') ?? 0);
  if (!Number.isInteger(start) || start < 0) {
    throw invalidQuery('$skiptoken', call.query.get('$skiptoken') ?? '', 'It is not a token');
  }
  return pageFrom(call, listing, after(start));
}

/** The page of the first items, which follow the page before. */
function pageFrom(
  call: Call<unknown, string>,
  listing: Listing,
  items: Iterable<ListItem<number | string>>,
): Reply {
  const most = listing.maxPageSize ?? MAX_PAGE_SIZE;
  const size = integerParameter(call, 'maxresults', 1, most) ?? most;
  const select = call.query.get('$select');
  checkExpand(call, listing);

  return withQueryErrors(() => {
    const matches = filterOf(call, listing);
    // An invalid selection is an error even in an empty list.
    if (select !== undefined) readSelect(select, listing.selectable);
    const value: object[] = [];
    let last: number | string | undefined;
    for (const { seq, view } of items) {
      if (value.length === size) {
        return page(call, listing, value, last);
      }
      const entity = view();
      if (matches(entity as Record<string, unknown>)) {
        value.push(applySelect(entity, select, listing.selectable));
      }
      last = seq;
    }
    return page(call, listing, value, undefined);
  });
}

/**
 * One page of pools, jobs or schedules, by id, as the service lists them. `view` is called for those
 * on the page only.
 */
export function pageOfResources<T extends { readonly key: string }>(
  call: Call<unknown, string>,
  listing: Listing,
  resources: Iterable<T>,
  view: (resource: T) => object,
): Reply {
  const start = call.query.get('$skiptoken') ?? '';
  const items = [...resources]
    .filter(({ key }) => key > start)
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map((resource) => ({ seq: resource.key, view: () => view(resource) }));
  return pageFrom(call, listing, items);
}

function page(
  call: Call<unknown, string>,
  listing: Listing,
  value: readonly object[],
  last: number | string | undefined,
): Reply {
  const next = last === undefined ? {} : { 'odata.nextLink': nextLink(call, last) };
  return { status: 200, metadata: listing.metadata, body: { value, ...next } };
}

function nextLink(call: Call<unknown, string>, last: number | string): string {
  const parameters = new URLSearchParams([...call.query]);
  parameters.set('$skiptoken', String(last));
  // Implementations of signatures differ in the meaning of a plus sign; %20 is unambiguous.
  return `${call.url}?${parameters.toString().replaceAll('+', '%20')}`;
}

function filterOf(
  call: Call<unknown, string>,
  { filterable }: Listing,
): (entity: Record<string, unknown>) => boolean {
  const filter = call.query.get('$filter');
  if (filter === undefined || filter === '') return () => true;
  const matches = parseFilter(filter, filterable);
  // The table of the service filters tasks by `lastModifiedTime`; the property is `lastModified`.
  return (entity) => matches({ ...entity, lastModifiedTime: entity['lastModified'] });
}

function checkExpand(call: Call<unknown, string>, listing: Listing): void {
  const expand = call.query.get('$expand');
  if (expand === undefined || expand === '') return;
  if (listing.expands !== true || expand.trim() !== 'stats') {
    throw invalidQuery('$expand', expand, 'Only stats can be expanded');
  }
}

/** One resource, with the properties that `$select` names. */
export function selected(call: Call<unknown, string>, listing: Listing, view: object): object {
  checkExpand(call, listing);
  return withQueryErrors(() => applySelect(view, call.query.get('$select'), listing.selectable));
}

function withQueryErrors<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw invalidQuery(error.parameter, error.value, error.reason);
  }
}

export function integerParameter(
  call: Call<unknown, string>,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const text = call.query.get(name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text === '' || !Number.isInteger(value)) {
    throw invalidQuery(name, text, 'The value is not an integer');
  }
  if (value < min || value > max) {
    const reason = `The value must be between ${min} and ${max}`;
    throw invalidQuery(name, text, reason, 'OutOfRangeQueryParameterValue');
  }
  return value;
}
