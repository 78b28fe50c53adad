import type { Account, Node } from '../state/account';
import type { Call, Reply } from '../wire/call';
import { pageOf, selected } from '../wire/page';
import { Refusal } from '../wire/refusals';
import { poolOf } from '../pools/operations';
import { nodeListing, nodeView } from './view';

export type NodeCall<Body = undefined> = Call<Body, 'poolId' | 'nodeId'>;

export function nodeOf(account: Account, call: Call<unknown, 'poolId' | 'nodeId'>): Node {
  const node = poolOf(account, call).nodes.get(call.params.nodeId);
  if (node === undefined) throw new Refusal('NodeNotFound');
  return node;
}

/** GET /pools/{poolId}/nodes */
export function listNodes(account: Account, call: Call<undefined, 'poolId'>): Reply {
  const pool = poolOf(account, call);
  return pageOf(call, nodeListing, (after) =>
    [...pool.nodes.values()]
      .filter(({ record }) => record.seq > after)
      .map((node) => ({ seq: node.record.seq, view: () => nodeView(account, node, call.base) })),
  );
}

/** GET /pools/{poolId}/nodes/{nodeId} */
export function getNode(account: Account, call: NodeCall): Reply {
  const node = nodeOf(account, call);
  const body = selected(call, nodeListing, nodeView(account, node, call.base));
  return { status: 200, metadata: 'nodes/@Element', body };
}
