import { installPackages } from '../applications/library';
import { makeNodeFolders, nodeFolders } from '../execution/directories';
import { prefetch } from '../execution/container';
import { mountAll } from './mounts';
import { StepFailed } from '../execution/failures';
import type { Account, Node } from '../state/account';
import type { Problem } from '../state/records';

/**
 * Runs the agent's steps on a node that came up, before its start task. Returns the reasons why the
 * node is unusable; an empty list for a usable node.
 */
export async function readyNode(account: Account, node: Node): Promise<readonly Problem[]> {
  await makeNodeFolders(nodeFolders(account, node));
  try {
    const { applicationPackageReferences } = node.pool.record.spec;
    await mountAll(account, node);
    await bringImages(account, node);
    node.packages = await installPackages(account, node, applicationPackageReferences ?? []);
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    const { code, message, details } = error.failure;
    return [{ code, message, values: details ?? [] }];
  }
  return [];
}

async function bringImages(account: Account, node: Node): Promise<void> {
  const machine = node.pool.record.spec.virtualMachineConfiguration;
  if (machine?.containerConfiguration === undefined) return;
  const { containerImageNames = [], containerRegistries = [] } = machine.containerConfiguration;
  const environment = {
    ...account.options.environment,
    PATH: account.options.path,
    HOME: nodeFolders(account, node).home,
  };
  const wanted = { images: containerImageNames, registries: containerRegistries };
  for (const image of await prefetch(wanted, environment, node.record.id))
    account.options.log(
      `node ${node.record.id}: ${image} cannot be pulled, the copy on this machine is used; in Azure the node would be unusable`,
    );
}
