import type { DisableScheduling, Reboot, Reimage } from '../bodies/node';
import type { Account, Node } from '../state/account';
import type { NodeState } from '../state/records';
import type { Call, Reply } from '../wire/call';
import { Refusal, type RefusalCode } from '../wire/refusals';
import { restartNode } from './lifecycle';
import { type NodeCall, nodeOf } from './operations';
import { stopEverything } from './break-node';

/** Node states in which a node accepts no action, with the service's code. */
const unavailableCodes: Partial<Record<NodeState, RefusalCode>> = {
  creating: 'NodeBeingCreated',
  starting: 'NodeBeingStarted',
  waitingforstarttask: 'NodeBeingStarted',
  rebooting: 'NodeBeingRebooted',
  reimaging: 'NodeBeingReimaged',
  starttaskfailed: 'NodeStateUnusable',
  unusable: 'NodeStateUnusable',
  unknown: 'NodeStateUnusable',
  leavingpool: 'OperationInvalidForCurrentState',
  preempted: 'OperationInvalidForCurrentState',
};

/** Returns a node that is up: idle, running or offline. */
export function upNodeOf(account: Account, call: Call<unknown, 'poolId' | 'nodeId'>): Node {
  const node = nodeOf(account, call);
  const code = unavailableCodes[node.record.state];
  if (code !== undefined) throw new Refusal(code);
  return node;
}

/** POST /pools/{poolId}/nodes/{nodeId}/reboot; also after a start task that failed. */
export function rebootNode(account: Account, call: NodeCall<Reboot | undefined>): Reply {
  const node = restartable(account, call);
  restartNode(account, node, 'rebooting', call.body?.nodeRebootOption ?? 'requeue');
  return { status: 202 };
}

/**
 * POST /pools/{poolId}/nodes/{nodeId}/reimage
 *
 * Unlike Azure: this version of the interface reimages nodes of cloud services pools only, which
 * are retired; here nodes are reimaged as in later versions.
 */
export function reimageNode(account: Account, call: NodeCall<Reimage | undefined>): Reply {
  const node = restartable(account, call);
  restartNode(account, node, 'reimaging', call.body?.nodeReimageOption ?? 'requeue');
  return { status: 202 };
}

/** A node that cannot come up without help may be rebooted as well. */
function restartable(account: Account, call: Call<unknown, 'poolId' | 'nodeId'>): Node {
  const node = nodeOf(account, call);
  const { state } = node.record;
  return state === 'starttaskfailed' || state === 'unusable' ? node : upNodeOf(account, call);
}

/** POST /pools/{poolId}/nodes/{nodeId}/disablescheduling */
export function disableScheduling(
  account: Account,
  call: NodeCall<DisableScheduling | undefined>,
): Reply {
  const node = upNodeOf(account, call);
  if (!node.record.schedulingEnabled) throw new Refusal('NodeAlreadyInTargetSchedulingState');
  node.record.schedulingEnabled = false;
  const option = call.body?.nodeDisableSchedulingOption ?? 'requeue';
  if (option !== 'taskcompletion') stopEverything(account, node, option);
  account.saveNode(node);
  account.reviewNode(node);
  return { status: 200 };
}

/** POST /pools/{poolId}/nodes/{nodeId}/enablescheduling */
export function enableScheduling(account: Account, call: NodeCall): Reply {
  const node = nodeOf(account, call);
  if (node.record.schedulingEnabled) throw new Refusal('NodeAlreadyInTargetSchedulingState');
  node.record.schedulingEnabled = true;
  account.saveNode(node);
  account.reviewNode(node);
  account.wantDispatch(node.pool);
  return { status: 200 };
}
