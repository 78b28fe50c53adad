import { installPackages } from '../applications/library';
import { makeNodeFolders, nodeFolders } from '../run/directories';
import { StepFailed } from '../run/failures';
import type { Account, Node } from '../state/account';
import type { Problem } from '../state/records';

/**
 * What the agent does on a node that came up, before its start task. The answer is why the node is
 * unusable; nothing when it is well.
 */
export async function readyNode(account: Account, node: Node): Promise<readonly Problem[]> {
  await makeNodeFolders(nodeFolders(account, node));
  try {
    const { applicationPackageReferences } = node.pool.record.spec;
    node.packages = await installPackages(account, node, applicationPackageReferences ?? []);
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    const { code, message, details } = error.failure;
    return [{ code, message, values: details ?? [] }];
  }
  return [];
}
