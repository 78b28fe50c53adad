import { cpus } from 'node:os';
import { tableOn } from '../../src/azure/table';
import { admit } from '../../src/ledger/admit';
import { partsOfRunId } from '../../src/ledger/keys';
import { register } from '../../src/ledger/ledger';
import { listOccurrences } from '../../src/ledger/list';
import type { Change, Table } from '../../src/ledger/table';
import { startTables } from '../azure/table-account';
import { newOccurrence, NO_BACKFILLS, NOW, occurrenceRow } from '../ledger/given';

/**
 * `npm run bench:ledger`: pages of occurrences and admission on Azurite's table service, with 200
 * and with 20,000 occurrences of four workloads in the table.
 */
const WORKLOADS = ['report', 'render', 'sweep', 'index'];
const COUNTS = [200, 20_000];
const PAGES = 20;
const WAITING = 200;

interface Measured {
  readonly count: number;
  readonly firstPageMs: number;
  readonly deepPageMs: number;
  /** Memory in use after the pages and a collection of garbage. */
  readonly heapMb: number;
  readonly registerMs: number;
  readonly admitMs: number;
}

async function bench(): Promise<void> {
  say(`Node.js ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}\n`);
  const tables = await startTables();
  try {
    const measured: Measured[] = [];
    for (const count of COUNTS) {
      measured.push(await measure(tableOn(tables.client(`bench${count}`)), count));
    }
    printTable(measured);
  } finally {
    await tables.stop();
  }
}

async function measure(table: Table, count: number): Promise<Measured> {
  await fill(table, count);
  const query = { workloads: WORKLOADS, states: null, since: null, until: null, limit: 50 };
  const deep = await cursorAfter(table, count / 2);
  const firstPageMs = await medianOf(() => listOccurrences(table, { ...query, after: null }));
  const deepPageMs = await medianOf(() => listOccurrences(table, { ...query, after: deep }));
  globalThis.gc?.();
  const heapMb = process.memoryUsage().heapUsed / 1e6;
  const registerMs = await timeOf(() => registerAtOnce(table));
  const admitMs = await timeOf(() => admitAll(table));
  return { count, firstPageMs, deepPageMs, heapMb, registerMs, admitMs };
}

function instantOf(index: number): string {
  return new Date(Date.parse(NOW) - index * 60_000).toISOString();
}

async function fill(table: Table, count: number): Promise<void> {
  const each = count / WORKLOADS.length;
  for (const workload of WORKLOADS) {
    for (let at = 0; at < each; at += 100) {
      const changes = Array.from({ length: Math.min(100, each - at) }, (_, index): Change => {
        const instant = instantOf(at + index);
        const row = occurrenceRow({}, newOccurrence({ instant }, undefined, workload));
        const key = partsOfRunId(row.runId)?.rowKey ?? '';
        return { kind: 'insert', key, value: { ...row } };
      });
      await table.write(`run-${workload}`, changes);
    }
  }
}

/** The cursor of a page in the middle. */
async function cursorAfter(table: Table, rows: number): Promise<string> {
  const index = Math.floor(rows / WORKLOADS.length);
  const [found] = await table
    .list('run-report', { from: '0', to: ':' }, index)
    .then((all) => all.slice(-1));
  return found?.key ?? '0';
}

/** Later than all that the table is filled with, so that none of them is there. */
async function registerAtOnce(table: Table): Promise<void> {
  const due = Array.from({ length: WAITING }, (_, index) => instantOf(-1 - index));
  await Promise.all(due.map((instant) => register(table, newOccurrence({ instant }), NOW)));
}

async function admitAll(table: Table): Promise<void> {
  let decisions = 0;
  const started = await admit({
    table,
    starter: { start: async () => undefined, wake: async () => undefined },
    policyOf: () => ({
      overlap: 'allow',
      maxActiveRuns: WAITING,
      deadlineMinutes: 60,
      startWithinMinutes: 60,
      whenNotSucceeded: 'skip',
    }),
    workloads: WORKLOADS,
    limits: {
      maxActiveRuns: WAITING,
      maxStartsPerMinute: WAITING,
      monthlyNodeMinutes: 1e9,
      monthlyCost: null,
    },
    now: () => new Date(NOW),
    newDecisionId: () => `decision-${++decisions}`,
    endWithoutRun: async () => undefined,
    backfills: NO_BACKFILLS,
  });
  if (started.length !== WAITING) throw new Error(`${started.length} of ${WAITING} were admitted`);
}

async function medianOf(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let page = 0; page < PAGES; page++) times.push(await timeOf(work));
  return times.sort((one, other) => one - other)[PAGES / 2] ?? Number.NaN;
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}

function printTable(measured: readonly Measured[]): void {
  const heads = [
    'occurrences',
    'first page of 50, ms',
    'page in the middle, ms',
    'heap, MB',
    `${WAITING} registered at once, ms`,
    `${WAITING} admitted, ms`,
  ];
  say(heads.join('  '));
  for (const one of measured) {
    const cells = [
      one.count,
      one.firstPageMs,
      one.deepPageMs,
      one.heapMb,
      one.registerMs,
      one.admitMs,
    ];
    say(cells.map((cell, at) => cell.toFixed(0).padStart(heads[at]?.length ?? 0)).join('  '));
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

void bench();
