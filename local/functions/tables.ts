import { odata, type TableClient, type TransactionAction } from '@azure/data-tables';
import { resolveExpressions, type Metadata } from './metadata';
import { isNotFound } from './storage';
import type { Binding } from './wire';

/** Table bindings: one entity or many to read, one or many to add. */

/** The options of a table binding, its expressions resolved. */
export interface TableQuery {
  readonly partitionKey: string | undefined;
  readonly rowKey: string | undefined;
  readonly filter: string | undefined;
  readonly take: number | undefined;
}

export function tableQuery(binding: Binding, metadata: Metadata, now: Date): TableQuery {
  const text = (option: string) => {
    const template = binding[option];
    if (typeof template !== 'string' || template === '') return undefined;
    return option === 'filter'
      ? resolveFilter(template, metadata, now)
      : resolveExpressions(template, metadata, now);
  };
  const { take } = binding;
  return {
    partitionKey: text('partitionKey'),
    rowKey: text('rowKey'),
    filter: text('filter'),
    take: typeof take === 'number' && take > 0 ? take : undefined,
  };
}

/**
 * Within quotes any value, escaped; elsewhere a number or a boolean, so that no caller can add
 * conditions.
 */
function resolveFilter(template: string, metadata: Metadata, now: Date): string {
  if (/^\{[^{}]+\}$/.test(template)) return resolveExpressions(template, metadata, now);
  return resolveExpressions(template, metadata, now, (value, expression) => {
    const isQuoted =
      template.split(`{${expression}}`).length === template.split(`'{${expression}}'`).length;
    if (isQuoted) return value.replaceAll("'", "''");
    if (/^(true|false|[-+]?\d+(\.\d+)?(e[-+]?\d+)?)$/i.test(value)) return value;
    throw new Error(
      `An invalid parameter value was specified for filter parameter '${expression}'.`,
    );
  });
}

/** With both keys, returns the entity, or undefined when it does not exist; otherwise an array. */
export async function readTable(table: TableClient, query: TableQuery): Promise<unknown> {
  const { partitionKey, rowKey } = query;
  const isOne = partitionKey !== undefined && rowKey !== undefined;
  try {
    return isOne
      ? plainEntity(await table.getEntity<Stored>(partitionKey, rowKey, RAW))
      : await readEntities(table, query);
  } catch (error) {
    if (isNotFound(error)) return isOne ? undefined : [];
    throw error;
  }
}

/** Entities as the service wrote them, so that 32-bit and 64-bit integers stay distinct. */
const RAW = { disableTypeConversion: true } as const;

async function readEntities(
  table: TableClient,
  { partitionKey, filter, take }: TableQuery,
): Promise<readonly object[]> {
  const conditions = [
    ...(partitionKey === undefined ? [] : [odata`PartitionKey eq ${partitionKey}`]),
    ...(filter === undefined ? [] : [filter]),
  ];
  const options =
    conditions.length === 0 ? RAW : { ...RAW, queryOptions: { filter: conditions.join(' and ') } };
  const found: object[] = [];
  for await (const entity of table.listEntities<Stored>(options)) {
    found.push(plainEntity(entity));
    if (found.length === take) break;
  }
  return found;
}

type Stored = Readonly<Record<string, unknown>>;

/** Members that the library and the service add: the function does not receive them. */
const ADDED: ReadonlySet<string> = new Set(['odata.metadata', 'etag', 'odata.etag', 'timestamp']);

function plainEntity(entity: Stored): object {
  const { partitionKey, rowKey, ...rest } = entity;
  const members = Object.entries(rest)
    .filter(([name]) => !ADDED.has(name.toLowerCase()))
    .map(([name, value]) => [name, plainValue(value)]);
  return {
    PartitionKey: plainValue(partitionKey),
    RowKey: plainValue(rowKey),
    ...Object.fromEntries(members),
  };
}

/** A property has its type beside it where JSON does not express it. */
function plainValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('type' in value) || !('value' in value))
    return value;
  const isNumber = value.type === 'Int32' || value.type === 'Int64' || value.type === 'Double';
  if (value.type === 'Boolean') return String(value.value) === 'true';
  return isNumber ? Number(value.value) : value.value;
}

/** Maximum number of changes of one partition in one transaction. */
const BATCH = 100;

/** Adds entities; an existing one fails the whole output. A missing key is that of the binding. */
export async function writeTable(
  table: TableClient,
  value: unknown,
  query: TableQuery,
): Promise<void> {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  const actions = items.map((item) => actionFor(item, query));
  for (const batch of batches(actions))
    await table.submitTransaction([...batch]).catch(async (error: unknown) => {
      if (!isNotFound(error)) throw error;
      await table.createTable();
      await table.submitTransaction([...batch]);
    });
}

interface Keyed {
  readonly partitionKey: string;
  readonly rowKey: string;
}

function actionFor(item: unknown, query: TableQuery): TransactionAction {
  if (typeof item !== 'object' || item === null)
    throw new Error('A table output accepts entities only: objects with PartitionKey and RowKey.');
  const keys: Record<string, string | undefined> = {
    partitionkey: query.partitionKey,
    rowkey: query.rowKey,
  };
  const rest: Record<string, unknown> = {};
  let etag: string | undefined;
  for (const [name, value] of Object.entries(item)) {
    const lower = name.toLowerCase();
    if (lower in keys) keys[lower] = typeof value === 'string' ? value : JSON.stringify(value);
    else if (lower === 'etag') etag = String(value);
    else if (value !== null) rest[name] = property(value);
  }
  const { partitionkey, rowkey } = keys;
  if (partitionkey === undefined || rowkey === undefined)
    throw new Error('An entity for a table has no PartitionKey or no RowKey.');
  const entity = { ...rest, partitionKey: partitionkey, rowKey: rowkey };
  // With an ETag the entity may exist already.
  return etag === undefined ? ['create', entity] : ['upsert', entity, 'Replace'];
}

/** An integer is 64 bits wide in .NET, and a value that is not a scalar becomes its JSON text. */
function property(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value))
    return { type: 'Int64', value: String(value) };
  return typeof value === 'object' ? JSON.stringify(value, undefined, 2) : value;
}

/** One partition for each batch, no row twice, and no more than the service accepts. */
function* batches(actions: readonly TransactionAction[]): Iterable<readonly TransactionAction[]> {
  const open = new Map<string, Map<string, TransactionAction>>();
  for (const action of actions) {
    const { partitionKey, rowKey } = action[1] as Keyed;
    const rows = open.get(partitionKey) ?? new Map<string, TransactionAction>();
    if (rows.has(rowKey) || rows.size === BATCH) {
      yield [...rows.values()];
      rows.clear();
    }
    open.set(partitionKey, rows.set(rowKey, action));
  }
  for (const rows of open.values()) yield [...rows.values()];
}
