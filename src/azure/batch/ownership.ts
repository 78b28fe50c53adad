import type { BatchServiceModels as Models } from '@azure/batch';
import type { Owner } from '../../run/ports';
import { OWNER_METADATA, RUN_METADATA } from './bodies';
import { metadataValue } from './views';

/** True for what this app made; an owner that is empty stands for what has no mark at all. */
export function isOwnedBy(
  entity: { readonly metadata?: Models.MetadataItem[] },
  { owner }: Pick<Owner, 'owner'>,
): boolean {
  return (metadataValue(entity, OWNER_METADATA) ?? '') === owner;
}

/** True for what this run made. */
export function isOfRun(
  entity: { readonly metadata?: Models.MetadataItem[] },
  owner: Owner,
): boolean {
  return isOwnedBy(entity, owner) && metadataValue(entity, RUN_METADATA) === owner.runId;
}
