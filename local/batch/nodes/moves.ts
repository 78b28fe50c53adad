import type { Account, Node } from '../state/account';
import type { NodeState } from '../state/records';
import { enterState } from '../tasks/lifecycle';

/** Events of a node. */
export type NodeEvent =
  | 'booted'
  | 'startTaskBegan'
  | 'startTaskEnded'
  | 'startTaskFailed'
  | 'agentStarted'
  | 'taskBegan'
  | 'lastTaskEnded'
  | 'schedulingStopped'
  | 'schedulingResumed'
  | 'reboot'
  | 'reimage'
  | 'broken'
  | 'evicted'
  | 'restored'
  | 'removed';

/** Transitions of every state: a node can always be evicted, broken or removed. */
const anytime = { broken: 'unusable', evicted: 'preempted', removed: 'leavingpool' } as const;

/** Transitions of the states in which a node is up. */
const up = { ...anytime, reboot: 'rebooting', reimage: 'reimaging' } as const;

/**
 * The next state for each event. An event that is missing from a row cannot happen in that state.
 */
export const moves: Record<NodeState, Partial<Record<NodeEvent, NodeState>>> = {
  creating: { ...anytime, booted: 'starting' },
  starting: { ...anytime, startTaskBegan: 'waitingforstarttask', agentStarted: 'idle' },
  waitingforstarttask: { ...up, startTaskEnded: 'idle', startTaskFailed: 'starttaskfailed' },
  starttaskfailed: up,
  idle: { ...up, taskBegan: 'running', schedulingStopped: 'offline' },
  running: { ...up, lastTaskEnded: 'idle', schedulingStopped: 'offline' },
  offline: { ...up, schedulingResumed: 'idle' },
  rebooting: { ...anytime, booted: 'starting' },
  reimaging: { ...anytime, booted: 'starting' },
  leavingpool: {},
  unknown: up,
  unusable: up,
  preempted: { restored: 'creating', removed: 'leavingpool' },
};

/**
 * Moves a node to the next state of an event; an event that cannot happen in its state is a bug.
 */
export function moveNode(account: Account, node: Node, event: NodeEvent): void {
  const { record } = node;
  const state = moves[record.state][event];
  if (state === undefined) {
    throw new Error(`node ${record.id} is ${record.state}: '${event}' cannot happen to it`);
  }
  enterState(record, state, account.now());
  account.saveNode(node);
  account.reviewNode(node);
  account.reviewPool(node.pool);
  account.wantDispatch(node.pool);
}
