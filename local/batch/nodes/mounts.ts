import path from 'node:path';
import type { Mount } from '../bodies/pool';
import { nodeFolders } from '../execution/directories';
import { StepFailed, failureOf } from '../execution/failures';
import type { Account, Node } from '../state/account';
import { MountedContainer } from './blob-mount';

/** Mounts the pool's file systems on a node that came up. */
export async function mountAll(account: Account, node: Node): Promise<void> {
  const { root } = nodeFolders(account, node);
  const mounts = node.pool.record.spec.mountConfiguration ?? [];
  node.mounts = mounts.map((mount) => mounted(account, mount, path.join(root, 'fsmounts')));
  for (const mount of node.mounts) await settle(mount.pull());
}

function mounted(account: Account, mount: Mount, folder: string): MountedContainer {
  const blobs = mount.azureBlobFileSystemConfiguration;
  if (blobs === undefined) {
    throw mountFailed('Only blob containers can be mounted here, not NFS, CIFS or file shares');
  }
  const target = path.resolve(folder, `./${blobs.relativeMountPath}`);
  if (!target.startsWith(folder + path.sep)) {
    throw mountFailed(`${blobs.relativeMountPath} is outside the mounts of the node`);
  }
  return new MountedContainer(blobs, target, account.options.blobEndpoint);
}

/** Uploads the changes of tasks, then downloads the changes of others. */
export async function refreshMounts(node: Node): Promise<void> {
  for (const mount of node.mounts) await settle(mount.push().then(() => mount.pull()));
}

async function settle(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (cause) {
    throw mountFailed((cause as Error).message.split('\n', 1)[0] ?? '', cause);
  }
}

/** Unconfirmed: the code of a node with a failed mount. */
function mountFailed(reason: string, cause?: unknown): StepFailed {
  const details = [{ name: 'Message', value: reason }];
  return new StepFailed(failureOf('MountConfigurationFailed', details), { cause });
}
