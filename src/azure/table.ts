import { odata, RestError, type TableClient, type TransactionAction } from '@azure/data-tables';
import { Failure, formatError } from '../failure';
import {
  jsonOf,
  type Change,
  type KeyRange,
  type Row,
  type RowValue,
  type Table,
} from '../ledger/table';
import { UNKNOWN_IDENTITY, type Caller } from './rights';

/**
 * The ledger's port on `@azure/data-tables`. A row's value is one JSON property, so that no member
 * changes its type on the way; the table is made at the first write to it.
 */
export function tableOn(client: TableClient, caller: Caller = UNKNOWN_IDENTITY): Table {
  const run = mapErrors(client, caller);
  return {
    get: (partition, key) =>
      run(`read row ${partition}/${key}`, async () => {
        const found = await ignoring([404], client.getEntity<Entity>(partition, key));
        return found === undefined ? null : rowOf(found);
      }),
    list: (partition, range, limit) =>
      run(`list rows of ${partition}`, () => list(client, partition, range, limit)),
    write: async (partition, changes) => {
      const actions = changes.map((change) => actionOf(partition, change));
      return run(`write ${changes.length} rows of ${partition}`, () => write(client, actions));
    },
    remove: (partition, key, etag) =>
      run(`delete row ${partition}/${key}`, () => remove(client, partition, key, etag)),
  };
}

interface Entity {
  readonly rowKey: string;
  readonly etag: string;
  readonly value: string;
}

function rowOf({ rowKey, etag, value }: Entity): Row {
  return { key: rowKey, etag, value: JSON.parse(value) as RowValue };
}

/** A page of the service may be short, or empty with a token; the client's iterator continues. */
async function list(
  client: TableClient,
  partition: string,
  { from, to }: KeyRange,
  limit: number,
): Promise<readonly Row[]> {
  const conditions = [
    odata`PartitionKey eq ${partition}`,
    ...(from === undefined ? [] : [odata`RowKey ge ${from}`]),
    ...(to === undefined ? [] : [odata`RowKey lt ${to}`]),
  ];
  const pages = client
    .listEntities<Entity>({ queryOptions: { filter: conditions.join(' and ') } })
    .byPage({ maxPageSize: Math.min(limit, 1000) });
  const rows: Row[] = [];
  for (;;) {
    const next = await ignoring([404], pages.next());
    if (next === undefined || next.done === true) return rows;
    rows.push(...next.value.slice(0, limit - rows.length).map(rowOf));
    if (rows.length >= limit) return rows;
  }
}

async function write(
  client: TableClient,
  actions: TransactionAction[],
): Promise<'written' | 'conflict'> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      await client.submitTransaction(actions);
      return 'written';
    } catch (error) {
      const { status, code } = refusalOf(error);
      if (code === 'TableNotFound' && isFirst) await ignoring([409], client.createTable());
      else if (status === 409 || status === 412 || status === 404) return 'conflict';
      else throw error;
    }
  }
}

function actionOf(partitionKey: string, change: Change): TransactionAction {
  const entity = { partitionKey, rowKey: change.key, value: jsonOf(partitionKey, change) };
  switch (change.kind) {
    case 'insert':
      return ['create', entity];
    case 'replace':
      return ['update', entity, 'Replace', { etag: change.etag }];
    case 'put':
      return ['upsert', entity, 'Replace'];
  }
}

async function remove(
  client: TableClient,
  partition: string,
  key: string,
  etag: string | undefined,
): Promise<'removed' | 'conflict'> {
  try {
    await client.deleteEntity(partition, key, etag === undefined ? {} : { etag });
    return 'removed';
  } catch (error) {
    const { status } = refusalOf(error);
    if (status === 404) return 'removed';
    if (status === 412) return 'conflict';
    throw error;
  }
}

/** The client puts the service's code into `details.odataError` or into the message's text alone. */
function refusalOf(error: unknown): { status: number; code: string } {
  if (!(error instanceof RestError)) return { status: 0, code: '' };
  const details = error.details as { odataError?: { code?: string } } | undefined;
  const isTable = /TableNotFound/.test(`${error.code ?? ''} ${error.message}`);
  return {
    status: error.statusCode ?? 0,
    code: isTable ? 'TableNotFound' : (details?.odataError?.code ?? error.code ?? ''),
  };
}

async function ignoring<Result>(
  statuses: readonly number[],
  request: Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await request;
  } catch (error) {
    if (statuses.includes(refusalOf(error).status)) return undefined;
    throw error;
  }
}

function mapErrors({ url }: TableClient, caller: Caller) {
  const account = accountIn(url);
  return async <Result>(doing: string, operation: () => Promise<Result>): Promise<Result> => {
    try {
      return await operation();
    } catch (error) {
      const detail = formatError(error).split('\n')[0] ?? '';
      const { status } = refusalOf(error);
      if (status !== 401 && status !== 403) {
        throw new Failure('serviceUnavailable', `cannot ${doing} just now: ${detail}`, {
          cause: error,
        });
      }
      const remedy =
        caller.kind === 'key'
          ? 'check the key, or use an identity'
          : 'give the identity the role Storage Table Data Contributor there';
      throw new Failure(
        'accessDenied',
        `cannot ${doing}: storage account ${account} denies it: ${detail}; ${remedy}`,
        { cause: error },
      );
    }
  };
}

/** The account is the first label of the host; behind a bare address it is the first part of the path. */
function accountIn(url: string): string {
  const { hostname, pathname } = new URL(url);
  const isNamed = /[a-z].*\./i.test(hostname);
  return (isNamed ? hostname.split('.')[0] : pathname.split('/')[1]) ?? url;
}
