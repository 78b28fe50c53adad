import { Failure } from '../failure';
import type { Files } from '../run/ports';
import { RUNS_CONTAINER } from '../run/names';
import { APP_PARTITION } from './keys';
import { asValue, insert, versioned } from './ledger';
import type { Table } from './table';

/** The part of the Files port that keeps the owner id. */
export type OwnerFiles = Pick<Files, 'makeContainer' | 'claim' | 'readText'>;

const OWNER_KEY = 'owner';

/**
 * The mark of this app on everything it makes, made once beside its records and copied into the
 * ledger. One that is missing is restored from the other; two that differ stop the app, because
 * it would take another app's pools for its own.
 * @throws Failure badSettings when the records and the ledger belong to two apps
 */
export async function ownerOf(
  files: OwnerFiles,
  table: Table,
  hub: string,
  newId: () => string,
): Promise<string> {
  const blob = `owner-${hub}`;
  const copied = versioned<{ readonly owner: string }>(await table.get(APP_PARTITION, OWNER_KEY));
  const owner =
    (await files.readText(RUNS_CONTAINER, blob, 100)) ??
    (await makeOwner(files, blob, copied?.value.owner ?? newId()));
  if (owner === null)
    throw new Error(`the blob ${RUNS_CONTAINER}/${blob} was written and is not there`);
  if (copied === null) {
    await insert(table, APP_PARTITION, OWNER_KEY, asValue({ owner }));
    return owner;
  }
  if (copied.value.owner === owner) return owner;
  throw new Failure(
    'badSettings',
    `the container ${RUNS_CONTAINER} belongs to the app ${owner} and its ledger to ${copied.value.owner}: this storage account holds parts of two apps; point AzureWebJobsStorage at the account of one of them`,
  );
}

/** Two hosts that begin at once come to one mark. */
async function makeOwner(files: OwnerFiles, blob: string, owner: string): Promise<string | null> {
  await files.makeContainer(RUNS_CONTAINER, {});
  await files.claim(RUNS_CONTAINER, blob, owner);
  return files.readText(RUNS_CONTAINER, blob, 100);
}
