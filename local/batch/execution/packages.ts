import { installPackages } from '../applications/library';
import type { ApplicationPackageReferences } from '../bodies/common';
import { type Account, type Node, keyOf } from '../state/account';
import type { NamedValue } from '../state/records';
import { Refusal } from '../wire/refusals';
import { StepFailed, failureOf } from './failures';

/**
 * The variables of the pool's packages and of the task's own packages, which are unpacked.
 *
 * Unconfirmed: the failure of a task whose packages the node has no identity to download.
 */
export async function installTaskPackages(
  account: Account,
  node: Node,
  references: ApplicationPackageReferences,
): Promise<readonly NamedValue[]> {
  if (references.length > 0 && account.options.autoStorageMode === 'BatchAccountManagedIdentity') {
    const message = 'The node has no identity to read the auto-storage account';
    throw new StepFailed(
      failureOf('ApplicationPackageError', [{ name: 'Message', value: message }]),
    );
  }
  return [...node.packages, ...(await installPackages(account, node, references))];
}

/** Refuses references to packages that do not exist. */
export function checkPackages(account: Account, references: ApplicationPackageReferences): void {
  const unmet = references.filter(({ applicationId, version }) => {
    const application = account.applications.get(keyOf(applicationId));
    const wanted = version ?? application?.defaultVersion;
    return wanted === undefined || application?.versions.includes(wanted) !== true;
  });
  if (unmet.length === 0) return;
  throw new Refusal(
    'InvalidApplicationPackageReferences',
    unmet.map(({ applicationId }) => ({
      key: applicationId,
      value: 'The specified application package does not exist.',
    })),
  );
}
