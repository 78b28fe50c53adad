import type { App } from '../../src/rehearse/app';
import { GENTLE, type BatchWeather } from '../../src/rehearse/batch-state';
import type { Job, Pool } from '../../src/rehearse/batch-state';
import type { Instance } from '../../src/rehearse/engine';
import type { Interference } from '../../src/rehearse/interference';
import type { Played } from '../../src/rehearse/play';
import { ACTIVE_PARTITION, partitionOf } from '../../src/ledger/keys';
import type { ActiveRow, OccurrenceRow } from '../../src/ledger/rows';
import type { RunRecord, RunRequest } from '../../src/run/run';
import type { Workload } from '../../src/workload/workload';

/** What became of each run of a world, gathered for the invariants. */
export interface RunFacts {
  readonly app: App;
  readonly runId: string;
  readonly request: RunRequest;
  readonly workload: Workload;
  /** Its row in the ledger, and the active one while it is not final. */
  readonly row: OccurrenceRow | null;
  readonly active: ActiveRow | null;
  /** False for an occurrence that ended without an orchestration. */
  readonly wasStarted: boolean;
  /** The instance of its last term. */
  readonly instance: Instance | undefined;
  readonly record: RunRecord | null;
  readonly jobs: readonly Job[];
  readonly pools: readonly Pool[];
  readonly interference: readonly Interference[];
}

export function runsOf(world: Played): readonly RunFacts[] {
  return world.apps.flatMap((app) => {
    const rows = new Map(rowsIn(app).map((row) => [row.runId, row]));
    const active = app.parts.table
      .rows(ACTIVE_PARTITION)
      .filter(({ key }) => !key.startsWith('!'))
      .map(({ key, value }) => [key, value as unknown as ActiveRow] as const);
    const ids = new Set([...app.started.keys(), ...rows.keys(), ...active.map(([id]) => id)]);
    const activeOf = new Map(active);
    return [...ids].map((runId) =>
      factsOf(world, app, runId, rows.get(runId) ?? null, activeOf.get(runId) ?? null),
    );
  });
}

function factsOf(
  world: Played,
  app: App,
  runId: string,
  row: OccurrenceRow | null,
  active: ActiveRow | null,
): RunFacts {
  const request = app.started.get(runId)?.request ?? active?.request ?? requestOf(runId, row);
  const workload = app.parts.workloads.get(request.workload);
  if (workload === undefined) throw new Error(`no workload is called ${request.workload}`);
  const text = app.parts.files.text('runs', `records/${runId}.json`);
  const isOwn = (made: Job | Pool) => made.app === app.id && made.owner?.runId === runId;
  return {
    app,
    runId,
    request,
    workload,
    row,
    active,
    wasStarted: app.started.has(runId),
    instance: [...app.hub.instances.values()].findLast(
      ({ id }) => id === runId || id.startsWith(`${runId}_`),
    ),
    record: text === undefined ? null : (JSON.parse(text) as RunRecord),
    jobs: world.batch.allJobs.filter(isOwn),
    pools: world.batch.allPools.filter(isOwn),
    interference: world.interference.filter(({ what }) => what.includes(runId)),
  };
}

function requestOf(runId: string, row: OccurrenceRow | null): RunRequest {
  if (row === null) throw new Error(`nothing is known of ${runId}`);
  const { workload, occurrence, parameters, blob } = row;
  return { workload, occurrence, parameters, ...(blob !== null && { blob }) };
}

/** The rows of all occurrences that an app knows. */
export function rowsIn({ parts: { table, workloads } }: App): readonly OccurrenceRow[] {
  return [...workloads.keys()].flatMap((name) =>
    table
      .rows(partitionOf(name))
      .filter(({ key }) => /^[0-9]/.test(key))
      .map(({ value }) => value as unknown as OccurrenceRow),
  );
}

export function was(run: RunFacts, ...kinds: readonly string[]): boolean {
  return run.interference.some(({ kind }) => kinds.includes(kind));
}

/** Faults of a world by kind. */
export function hasFault(world: Played, ...kinds: readonly string[]): boolean {
  return world.plan.faults.some(({ kind }) => kinds.includes(SAME[kind] ?? kind));
}

/** Kinds that do the same in another way. */
const SAME: Readonly<Record<string, string>> = {
  hostDownFrom: 'hostDown',
  lateStarts: 'lateTimers',
};

/** Nodes, tasks and deletions of this world do as they should. */
export function isGentle(weather: BatchWeather): boolean {
  return Object.entries(GENTLE).every(
    ([name, value]) => value !== 0 || weather[name as keyof BatchWeather] === 0,
  );
}

export const MINUTE_MS = 60_000;

/** From when a run had its turn until it gave it back, by its record. */
export function turnOf({ record }: RunFacts): readonly [string, string] | null {
  if (record === null) return null;
  const staged = record.timeline.find(({ phase }) => phase === 'staging');
  return staged === undefined ? null : [staged.at, record.endedAt];
}

/** A port was away for at least this long, in one outage or in several that may follow one another. */
export function isLong(world: Played, port: 'batch' | 'files', minutes: number): boolean {
  return minutesAway(world, port) >= minutes;
}

export function minutesAway({ plan }: Played, port: 'batch' | 'files'): number {
  return plan.faults.reduce((sum, fault) => {
    if (!('port' in fault) || fault.kind === 'hostDownFrom' || serviceOf(fault.port) !== port)
      return sum;
    if (fault.kind === 'outageFrom') return sum + fault.minutes;
    return fault.kind === 'outage' ? sum + (fault.until - fault.from) / MINUTE_MS : sum;
  }, 0);
}

/** Blobs and rows are of one account, and a run needs both. */
function serviceOf(port: string): string {
  return port === 'table' || port === 'storage' ? 'files' : port;
}

/** When somebody, or a newer run that replaces it, asked a run to end; null when nobody did. */
export function cancelledAt(
  world: Played,
  run: RunFacts,
  runs: readonly RunFacts[],
): number | null {
  // The host may die before it has written what it was asked for.
  const isCut = hasFault(world, 'call', 'hostDown', 'checkpoint');
  const asked = run.interference
    .filter(({ kind }) => kind === 'cancel' && (!isCut || hasCancel(run)))
    .map(({ at }) => at);
  if (run.workload.overlap === 'replace') {
    for (const { app, workload, runId, row, wasStarted } of runs) {
      const own = run.instance;
      if (app !== run.app || workload !== run.workload || runId === run.runId) continue;
      if (row === null || !wasStarted || own === undefined) continue;
      // One that is known in the same minute may be the older of the two.
      const knownAt = Date.parse(row.knownAt);
      if (knownAt > own.createdAt + MINUTE_MS) asked.push(knownAt);
    }
  }
  return asked.length === 0 ? null : Math.min(...asked);
}

function hasCancel({ app, runId }: RunFacts): boolean {
  const writes = app.parts.table.history.active.get(runId) ?? [];
  return writes.some(({ row }) => row.cancel !== null);
}

/** Minutes in which no host was up. */
export function minutesDown({ plan }: Played): number {
  return plan.faults.reduce((sum, fault) => {
    if (fault.kind === 'hostDownFrom') return sum + fault.minutes;
    return fault.kind === 'hostDown' ? sum + (fault.until - fault.from) / MINUTE_MS : sum;
  }, 0);
}

/** When the reconciler took a lost run over; null when it did not. */
export function lostAt({ app, runId }: RunFacts): number | null {
  const writes = app.parts.table.history.active.get(runId) ?? [];
  const taken = writes.find(({ row }) => row.state === 'ending' && row.reason?.kind === 'lost');
  return taken?.at ?? null;
}
