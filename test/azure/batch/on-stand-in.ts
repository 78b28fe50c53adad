import type { BatchServiceModels } from '@azure/batch';
import { batchOn } from '../../../src/azure/batch/batch';
import type { Batch, Owner, PoolSpec } from '../../../src/run/ports';
import { OWNER } from '../../run/given';
import { standIn, type Stand } from '../../local/batch/stand';

/** The Batch port on the real client, which talks to the stand-in on a stepped clock. */
export interface PortOnStandIn {
  readonly stand: Stand;
  readonly batch: Batch;
}

export async function portOnStandIn(
  options: Parameters<typeof standIn>[0] = {},
): Promise<PortOnStandIn> {
  const stand = await standIn(options);
  const pacing = { pause: async () => undefined, random: () => 0.5 };
  return { stand, batch: batchOn(stand.client, pacing) };
}

export const owner: Owner = { owner: OWNER, runId: 'hello-1', workload: 'hello' };

/** One Spot node, until the formula is replaced. */
export const ONE_NODE = '$TargetLowPriorityNodes = 1;';

export function poolSpec(more: Partial<PoolSpec> = {}): PoolSpec {
  return {
    id: 'hello-1',
    displayName: 'Nightshift hello-1',
    vmSize: 'standard_d2s_v5',
    image: {
      kind: 'marketplace',
      publisher: 'canonical',
      offer: 'ubuntu-24_04-lts',
      sku: 'server',
      version: 'latest',
      nodeAgent: 'batch.node.ubuntu 24.04',
    },
    containers: null,
    slotsPerNode: 1,
    formula: ONE_NODE,
    startTask: null,
    mounts: [],
    packages: [],
    subnetId: null,
    interNode: false,
    fill: 'pack',
    retainedUntil: null,
    ...more,
  };
}

/** Steps the clock until a node of the pool has come this far. */
export function nodeIn(
  stand: Stand,
  state: BatchServiceModels.ComputeNodeState,
  poolId = 'hello-1',
): Promise<BatchServiceModels.ComputeNode> {
  return stand.until(async () => {
    const nodes = await stand.client.computeNode.list(poolId);
    return nodes.find((node) => node.state === state);
  });
}

export async function textOf(body: NodeJS.ReadableStream | undefined): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
