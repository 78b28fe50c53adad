import type { Account, Pool } from '../state/account';
import type { NodeState } from '../state/records';
import type { Call, Reply } from '../wire/call';
import { stateField } from '../wire/fields';
import { type Listing, pageOf } from '../wire/page';

const countListing: Listing = {
  metadata: 'poolnodecounts',
  filterable: [stateField('poolId', 'eq')],
  selectable: [],
  // Unconfirmed: the number of pools on a page.
  maxPageSize: 10,
};

/** GET /nodecounts */
export function countNodes(account: Account, call: Call): Reply {
  return pageOf(call, countListing, (after) =>
    [...account.pools.values()]
      .filter(({ record }) => record.seq > after)
      .map((pool) => ({ seq: pool.record.seq, view: () => countsView(pool) })),
  );
}

/** The spelling of each node state in the response. */
const spellings: Record<NodeState, string> = {
  creating: 'creating',
  idle: 'idle',
  offline: 'offline',
  preempted: 'preempted',
  rebooting: 'rebooting',
  reimaging: 'reimaging',
  running: 'running',
  starting: 'starting',
  starttaskfailed: 'startTaskFailed',
  leavingpool: 'leavingPool',
  unknown: 'unknown',
  unusable: 'unusable',
  waitingforstarttask: 'waitingForStartTask',
};

function countsView(pool: Pool): object {
  const empty = () => Object.fromEntries(Object.values(spellings).map((name) => [name, 0]));
  const dedicated: Record<string, number> = { ...empty(), total: 0 };
  const lowPriority: Record<string, number> = { ...empty(), total: 0 };
  for (const { record } of pool.nodes.values()) {
    const counts = record.dedicated ? dedicated : lowPriority;
    const name = spellings[record.state];
    counts[name] = (counts[name] ?? 0) + 1;
    counts['total'] = (counts['total'] ?? 0) + 1;
  }
  return { poolId: pool.record.spec.id, dedicated, lowPriority };
}
