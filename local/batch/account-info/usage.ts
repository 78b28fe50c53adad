import { coresOf } from '../nodes/sizes';
import type { Account, Node } from '../state/account';
import type { UsageRecord } from '../state/records';
import type { Call, Reply } from '../wire/call';
import { type Listing, pageOf } from '../wire/page';
import { invalidQuery } from '../wire/refusals';
import { parseTime, wireTime } from '../wire/time';

/** The service aggregates usage in half hours and reports the last thirty days. */
const INTERVAL_MS = 1_800_000;
const LONGEST_LOOK_MS = 30 * 86_400_000;
const DAY_MS = 86_400_000;

const usageListing: Listing = {
  metadata: 'poolusagemetrics',
  filterable: [{ path: 'poolId', kind: 'string', operators: ['eq'] }],
  selectable: [],
};

/** A node is billed from its allocation to its removal, whatever its state. */
function usageOf(account: Account, { record, pool }: Node): UsageRecord {
  return {
    nodeId: record.id,
    poolId: pool.record.spec.id,
    vmSize: pool.record.spec.vmSize,
    startAt: record.allocatedAt,
    endAt: account.now(),
  };
}

/** GET /poolusagemetrics: the core hours of each pool in each half hour. */
export function usageMetrics(account: Account, call: Call): Reply {
  const now = account.now();
  const earliest = now - LONGEST_LOOK_MS;
  const end = momentParameter(call, 'endtime') ?? now;
  const start = Math.max(momentParameter(call, 'starttime') ?? end - DAY_MS, earliest);
  const spans = [
    ...account.usage,
    ...[...account.pools.values()].flatMap(({ nodes }) =>
      [...nodes.values()]
        .filter(({ record }) => record.state !== 'preempted')
        .map((node) => usageOf(account, node)),
    ),
  ];
  const rows = [...sumUp(spans, start, end).values()];
  return pageOf(call, usageListing, (after) =>
    rows
      .map((row, index) => ({ seq: index + 1, view: () => row }))
      .filter(({ seq }) => seq > after),
  );
}

function momentParameter(call: Call, name: string): number | undefined {
  const text = call.query.get(name);
  if (text === undefined) return undefined;
  const at = parseTime(text);
  if (Number.isNaN(at)) throw invalidQuery(name, text, 'The value is not a date and time');
  return at;
}

interface UsageRow {
  readonly poolId: string;
  readonly startTime: string;
  readonly endTime: string;
  readonly vmSize: string;
  totalCoreHours: number;
}

function sumUp(
  spans: readonly UsageRecord[],
  start: number,
  end: number,
): ReadonlyMap<string, UsageRow> {
  const rows = new Map<string, UsageRow>();
  for (const { poolId, vmSize, startAt, endAt } of spans) {
    const last = Math.min(endAt, end);
    let from = Math.floor(Math.max(startAt, start) / INTERVAL_MS) * INTERVAL_MS;
    for (; from < last; from += INTERVAL_MS) {
      const to = from + INTERVAL_MS;
      const spentMs = Math.min(last, to) - Math.max(startAt, start, from);
      if (spentMs <= 0) continue;
      const key = `${from} ${poolId} ${vmSize}`;
      const row = rows.get(key) ?? {
        poolId,
        startTime: wireTime(from),
        endTime: wireTime(to),
        vmSize,
        totalCoreHours: 0,
      };
      rows.set(key, row);
      row.totalCoreHours += (spentMs / 3_600_000) * coresOf(vmSize);
    }
  }
  return rows;
}

/** Stores the usage of a node that leaves, and deletes records older than the reported period. */
export function recordUsage(account: Account, node: Node): void {
  const earliest = account.now() - LONGEST_LOOK_MS;
  account.usage = account.usage.filter(({ endAt }) => endAt > earliest);
  const usage = usageOf(account, node);
  account.usage.push(usage);
  account.saveUsage(usage);
}
