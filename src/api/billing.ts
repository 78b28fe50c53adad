import { isAdmitted } from '../ledger/admission';
import type { BatchSeen } from '../ledger/batch-seen';
import { rounded } from '../ledger/spending';
import { count } from '../run/provision/nodes';
import { costOf } from '../workload/prices';
import type { Workloads } from '../workload/workload';
import { nodesOf, type ActiveRun } from './run-lines';
import type { BillingView } from './schemas/overview';

/** The nodes that are billed now, with the evidence. Pure. */

type BilledRun = BillingView['runs'][number];
type BilledPool = BillingView['pools'][number];

export function billingOf(
  active: readonly ActiveRun[],
  seen: BatchSeen | null,
  workloads: Workloads,
): BillingView {
  const admitted = active.filter(({ row }) => isAdmitted(row));
  const runs = admitted.map((run) => billedRun(run, workloads));
  const pools = unclaimedPools(seen, new Set(active.map(({ row }) => row.runId)));
  const nodes = [...runs, ...pools].reduce((sum, one) => sum + (one.nodes ?? 0), 0);
  const prices = runs.filter((run) => run.nodes > 0).map(({ pricePerHour }) => pricePerHour);
  const isPriced = pools.length === 0 && prices.every((price) => price !== null);
  const state = stateOf(seen, runs, pools);
  return {
    state,
    sentence: sentenceOn(state, { nodes, runs, pools, seen }),
    askedAt: seen?.askedAt ?? null,
    askedBy: seen === null ? null : 'reconciler',
    runs,
    pools,
    nodes,
    pricePerHour: isPriced
      ? rounded(prices.reduce((sum: number, price) => sum + (price ?? 0), 0))
      : null,
  };
}

function billedRun({ row, status, view }: ActiveRun, workloads: Workloads): BilledRun {
  const nodes = nodesOf(status);
  const { pool } = workloads.get(row.workload) ?? {};
  const isFree = pool?.existing !== undefined;
  const hour = { nodeMinutes: nodes * 60, dedicatedMinutes: (status?.dedicatedNodes ?? 0) * 60 };
  return {
    runId: row.runId,
    workload: row.workload,
    nodes: isFree ? 0 : nodes,
    nodeMinutes: view.nodeMinutes,
    pricePerHour: isFree || nodes === 0 ? 0 : costOf(hour, pool?.pricePerNodeHour ?? null),
    askedAt: status?.polledAt ?? null,
  };
}

function unclaimedPools(
  seen: BatchSeen | null,
  activeIds: ReadonlySet<string>,
): readonly BilledPool[] {
  return (seen?.pools ?? []).flatMap(({ id, runId, nodes }): readonly BilledPool[] => {
    if (runId !== null)
      return activeIds.has(runId) ? [] : [{ id, runId, nodes, reason: 'leftover' }];
    // Runs that use a retained pool count its nodes.
    return nodes === 0 || activeIds.size > 0 ? [] : [{ id, runId, nodes, reason: 'retained' }];
  });
}

function stateOf(
  seen: BatchSeen | null,
  runs: readonly BilledRun[],
  pools: readonly BilledPool[],
): BillingView['state'] {
  if (pools.length > 0 || runs.some(({ nodes }) => nodes > 0)) return 'billed';
  return runs.length > 0 || seen === null ? 'unknown' : 'nothing';
}

interface Facts {
  readonly nodes: number;
  readonly runs: readonly BilledRun[];
  readonly pools: readonly BilledPool[];
  readonly seen: BatchSeen | null;
}

function sentenceOn(state: BillingView['state'], { nodes, runs, pools, seen }: Facts): string {
  switch (state) {
    case 'nothing':
      return `no run is active, and at ${seen?.askedAt} Batch had no pool with nodes of this app`;
    case 'billed': {
      const others = pools.length === 0 ? '' : `, and ${count(pools.length, 'pool')} without a run`;
      return `${count(nodes, 'node')} of ${count(runs.length, 'active run')} at their last polls${others}`;
    }
    case 'unknown':
      return runs.length > 0
        ? `${count(runs.length, 'run')} active, without a node at the last poll`
        : 'Batch has not been asked yet; the reconciler asks when the app starts, and every few minutes';
  }
}
