import type { App } from '../../src/app';
import { dueTimesOf, schedulesHash } from '../../src/ledger/backfill-plan';
import { createBackfill } from '../../src/ledger/backfills';
import { ACTIVE_PARTITION, partitionOf, stateKey, sumKey } from '../../src/ledger/keys';
import { asValue, requireParts } from '../../src/ledger/ledger';
import type { BackfillRequest, MonthSum, OccurrenceRow } from '../../src/ledger/rows';
import { addTo, NOTHING_SPENT } from '../../src/ledger/spending';
import type { Change, Table } from '../../src/ledger/table';
import type { MemoryHub } from '../hub';
import { activeRow, newOccurrence, NOW, occurrenceRow } from '../ledger/given';
import { NO_NODES } from '../run/given';

/** Fills the ledger of the app whose reads are measured. */

const MINUTES_APART = 30;
const ACTIVE_RUNS = 20;
/** A transaction takes 100 rows. */
const ROWS_AT_ONCE = 50;

interface Filled {
  /** Id of the newest run of the first workload. */
  readonly newest: string;
  readonly rows: number;
}

/** Occurrences of each workload that have ended, one each half hour, every tenth of which failed. */
export async function fillLedger(
  { table }: App,
  workloads: readonly string[],
  each: number,
): Promise<Filled> {
  const ended = workloads.map((name) =>
    Array.from({ length: each }, (_, index) => endedRow(name, index)),
  );
  await Promise.all(ended.map((rows) => writeEnded(table, rows)));
  const newest = ended[0]?.[0]?.runId ?? '';
  return { newest, rows: 2 * ended.flat().length };
}

function instantBefore(index: number): string {
  const now = Date.parse('2026-11-30T02:00:00.000Z');
  return new Date(now - index * MINUTES_APART * 60_000).toISOString();
}

function endedRow(workload: string, index: number): OccurrenceRow {
  const instant = instantBefore(index);
  const isFailed = index % 10 === 3;
  return occurrenceRow(
    {
      state: isFailed ? 'failed' : 'succeeded',
      knownAt: instant,
      startedAt: instant,
      endedAt: new Date(Date.parse(instant) + 600_000).toISOString(),
      code: isFailed ? 'taskFailed' : null,
      cause: isFailed ? 'task t17 failed with exit code 3' : null,
      nodeMinutes: 40,
      dedicatedMinutes: 0,
      cost: 0.0067,
    },
    newOccurrence({ instant }, undefined, workload),
  );
}

async function writeEnded(table: Table, rows: readonly OccurrenceRow[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const partition = partitionOf(first.workload);
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const changes = rows.slice(at, at + ROWS_AT_ONCE).flatMap((row): readonly Change[] => {
      const { rowKey } = requireParts(row.runId);
      const keys = [rowKey, row.state === 'open' ? rowKey : stateKey(row.state, rowKey)];
      return keys.map((key) => ({ kind: 'insert', key, value: asValue(row) }));
    });
    await table.write(partition, changes);
  }
  const sums = new Map<string, MonthSum>();
  for (const row of rows) {
    const key = sumKey(row.instant);
    sums.set(key, addTo(sums.get(key) ?? NOTHING_SPENT, row));
  }
  const changes = [...sums].map(([key, sum]): Change => ({
    kind: 'insert',
    key,
    value: asValue(sum),
  }));
  await table.write(partition, changes);
}

/** Runs that are active, each with an orchestration that shows its progress. @returns the id of the first */
export async function fillActive({ table }: App, hub: MemoryHub, workload: string) {
  const changes = Array.from({ length: ACTIVE_RUNS }, (_, index): Change => {
    const instant = instantBefore(-1 - index);
    const row = activeRow(
      { state: 'running', deadline: '2026-11-30T14:00:00.000Z' },
      newOccurrence({ instant }, undefined, workload),
    );
    hub.become({ id: row.runId, status: 'Running', customStatus: STATUS });
    return { kind: 'insert', key: row.runId, value: asValue(row) };
  });
  await table.write(ACTIVE_PARTITION, changes);
  return changes[0]?.key ?? '';
}

const STATUS = {
  phase: 'watching',
  waitingFor: 'tasks',
  tasks: { active: 4000, running: 16, succeeded: 5984, failed: 0 },
  nodes: { ...NO_NODES, running: 4 },
  plannedTasks: 10_000,
  timeline: [{ phase: 'watching', at: NOW }],
  nodeMinutes: 12,
  polledAt: NOW,
};

/** As many active backfills as there may be. @returns the id of one with 1,000 due times */
export async function fillBackfills({ table, schedules }: App, workload: string) {
  const all = schedules[workload] ?? [];
  let newest = '';
  for (let days = 1; days <= 20; days++) {
    const request: BackfillRequest = {
      workload,
      from: instantBefore(days * 50),
      to: instantBefore(1),
      order: 'oldestFirst',
      atOnce: 1,
      again: 'never',
      schedule: null,
    };
    const due = dueTimesOf(all, request, NOW);
    const backfill = { request, schedules: schedulesHash(all), due, by: 'ada', createdAt: NOW };
    const { row } = await createBackfill(table, backfill);
    newest = row.id;
  }
  return newest;
}
