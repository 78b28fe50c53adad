import { FINAL_STATES, type MonthSum, type OccurrenceRow } from '../../src/ledger/rows';
import { NOTHING_SPENT } from '../../src/ledger/spending';
import { partitionOf, partsOfRunId, stateKey, sumKey } from '../../src/ledger/keys';
import type { App } from '../../src/rehearse/app';
import type { Played } from '../../src/rehearse/play';
import { rowsIn, type RunFacts } from './facts';

/** Checks of the ledger once a world is quiet: rows, sums, and that records say the same. */

type Runs = readonly RunFacts[];

export function finalRows({ apps }: Played, runs: Runs): string[] {
  const open = runs.flatMap(({ runId, row }) => {
    if (row === null) return [`${runId} has no row`];
    return row.state === 'open' ? [`the row of ${runId} is open`] : [];
  });
  return [...open, ...apps.flatMap((app) => rowsIn(app).flatMap((row) => wrongCopies(app, row)))];
}

/** A final row has one copy, under its state. */
function wrongCopies(app: App, row: OccurrenceRow): string[] {
  const rowKey = partsOfRunId(row.runId)?.rowKey ?? '';
  const stored = app.parts.table.rows(partitionOf(row.workload));
  const copies = FINAL_STATES.flatMap((state) =>
    stored.filter(({ key }) => key === stateKey(state, rowKey)),
  );
  const wanted = row.state === 'open' ? [] : [{ key: stateKey(row.state, rowKey), value: row }];
  const found = copies.map(({ key, value }) => ({ key, value }));
  return JSON.stringify(found) === JSON.stringify(wanted)
    ? []
    : [`${row.runId} is ${row.state} and listed as ${found.map(({ key }) => key).join(', ')}`];
}

export function noActiveRows({ apps }: Played, runs: Runs): string[] {
  return apps.flatMap((app) =>
    app.activeRunIds().map((runId) => {
      const active = runs.find((run) => run.app === app && run.runId === runId)?.active;
      return `the active row of ${runId} is left (${active?.state ?? 'unknown'}, ${active?.reason?.cause ?? 'no reason'})`;
    }),
  );
}

export function sums({ apps }: Played): string[] {
  return apps.flatMap((app) => {
    const counted = new Map<string, MonthSum>();
    for (const row of rowsIn(app).filter(({ state }) => state !== 'open')) {
      const month = row.attempt === 0 ? row.instant : row.knownAt;
      const key = `${row.workload} ${sumKey(month)}`;
      const sum = counted.get(key) ?? NOTHING_SPENT;
      counted.set(key, {
        runs: sum.runs + 1,
        nodeMinutes: sum.nodeMinutes + row.nodeMinutes,
        cost: sum.cost + (row.cost ?? 0),
      });
    }
    return [...counted].flatMap(([key, sum]) => {
      const [workload = '', sumRow = ''] = key.split(' ');
      const stored = app.parts.table
        .rows(partitionOf(workload))
        .find((row) => row.key === sumRow)?.value;
      return isSame(stored as MonthSum | undefined, sum)
        ? []
        : [`${key} of ${app.id} is ${JSON.stringify(stored)} and its rows ${JSON.stringify(sum)}`];
    });
  });
}

function isSame(stored: MonthSum | undefined, sum: MonthSum): boolean {
  if (stored === undefined) return false;
  const isNear = (one: number, other: number) => Math.abs(one - other) < 1e-6;
  return (
    stored.runs === sum.runs &&
    isNear(stored.nodeMinutes, sum.nodeMinutes) &&
    isNear(stored.cost, sum.cost)
  );
}

export function agreeing(_: Played, runs: Runs): string[] {
  return runs.flatMap(({ runId, row, record }) => {
    if (record === null || row === null || row.state === 'open') return [];
    const { outcome, endedAt, nodeMinutes } = record;
    const isState =
      row.state === outcome.kind || (row.state === 'missed' && outcome.kind === 'skipped');
    const code = outcome.kind === 'succeeded' ? null : outcome.code;
    const isRest = row.endedAt === endedAt && row.nodeMinutes === nodeMinutes && row.code === code;
    return isState && isRest
      ? []
      : [
          `${runId} is ${row.state} ${row.code} at ${row.endedAt} by its row, and ${outcome.kind} ${code} at ${endedAt} by its record`,
        ];
  });
}
