import { BatchError, nullIfNotFound, REQUEST_TIMEOUT, type Service } from './calls';
import { readTail } from './files';
import { isOfRun, isOwnedBy } from './ownership';
import { RETAINED_METADATA } from './pool-body';
import { metadataValue } from './views';
import type { Owner } from '../../run/ports';

/**
 * Reboots nodes that failed, so that their start task runs again. The run's pools autoscale, and
 * Batch refuses to remove single nodes of such a pool (Azure/BatchExplorer issue 2082); without its
 * formula the pool would keep its nodes after the deadline if this app no longer runs. Reimaging is
 * limited to pools of cloud services in this REST version. Unconfirmed: that the service reboots
 * every node in these states; a refused node is skipped.
 * https://learn.microsoft.com/rest/api/batchservice/compute-node/reboot
 * @returns the number of nodes that are being rebooted
 */
export async function rebootNodes(
  service: Service,
  poolId: string,
  nodeIds: readonly string[],
  owner: Owner,
): Promise<number> {
  const { client, call } = service;
  const pool = await nullIfNotFound(call(() => client.pool.get(poolId, REQUEST_TIMEOUT)));
  if (pool === null) return 0;
  const isRetained = metadataValue(pool, RETAINED_METADATA) !== undefined;
  if (!(isRetained ? isOwnedBy(pool, owner) : isOfRun(pool, owner))) return 0;
  let rebooted = 0;
  for (const nodeId of nodeIds) {
    try {
      await call(() =>
        client.computeNode.reboot(poolId, nodeId, {
          nodeRebootOption: 'requeue',
          ...REQUEST_TIMEOUT,
        }),
      );
      rebooted += 1;
    } catch (error) {
      // 404: the node was removed meanwhile; 409: it is in a state that permits no reboot.
      const isRefused = error instanceof BatchError && [404, 409].includes(error.status);
      if (!isRefused) throw error;
    }
  }
  return rebooted;
}

/** Reads the end of a start task's output, from a node on which it failed, else from one on which it runs. */
export async function readStartTaskFile(
  service: Service,
  poolId: string,
  file: string,
  maxBytes: number,
): Promise<string | null> {
  for (const state of ['starttaskfailed', 'waitingforstarttask']) {
    const { client, call } = service;
    const options = {
      computeNodeListOptions: { filter: `state eq '${state}'` },
      ...REQUEST_TIMEOUT,
    };
    const nodes = await nullIfNotFound(call(() => client.computeNode.list(poolId, options)));
    const nodeId = nodes?.[0]?.id;
    if (nodeId === undefined) continue;
    return readTail(service, { kind: 'node', poolId, nodeId, file: `startup/${file}` }, maxBytes);
  }
  return null;
}
