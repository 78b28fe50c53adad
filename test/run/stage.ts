import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as df from 'durable-functions';
import type { DurableClient } from 'durable-functions';
import { onTestFinished } from 'vitest';
import { SteppedClock } from '../../local/clock';
import { startTestHub, type TestHub } from '../../local/functions/testing';
import type { App } from '../../src/app';
import { NO_OUTBOX } from '../../src/ledger/notices';
import { readActive } from '../../src/ledger/ledger';
import { noteUpkeep } from '../../src/ledger/upkeep';
import { runLedgerOn } from '../../src/ledger/run-ledger';
import { readRecord } from '../../src/run/finish/record';
import { readSchedules } from '../../src/schedules-in-force';
import { retryRun } from '../../src/retry-run';
import { startRun } from '../../src/start-run';
import { admitHandler, followHandler } from '../../src/triggers/follow';
import { createActivities } from '../../src/run/activities';
import { labelsOf } from '../../src/run/activity-context';
import { outputContainerOf } from '../../src/run/names';
import type { Batch } from '../../src/run/ports';
import type { RunRecord } from '../../src/run/run';
import { asActivity } from '../../src/run/steps';
import { type WorkloadDeclaration } from '../../src/workload/workload';
import { runWorkflow, RUN_ORCHESTRATION } from '../../src/run/workflow';
import { MemoryFiles } from '../memory-files';
import { MemoryTable } from '../memory-table';
import { inputOf, OWNER } from './given';
import { PacedBatch, type Pacing } from './paced-batch';
import { checkWorkloads } from '../../src/workload/check-workloads';

/** The orchestrator and its activities on the real engine, with a clock that is stepped. */

export const START = '2030-01-01T02:00:00.000Z';

export interface Stage {
  readonly hub: TestHub;
  readonly clock: SteppedClock;
  /** What the first run has of Batch. */
  readonly batch: PacedBatch;
  /** What the run of that id has. */
  readonly batchOf: (runId: string) => PacedBatch;
  readonly files: MemoryFiles;
  readonly table: MemoryTable;
  readonly app: App;
  run(workload: string, key?: string): Promise<RunRecord>;
  begin(workload: string, key?: string): Promise<string>;
  end(runId: string): Promise<RunRecord>;
  /** Starts the next attempt of a run that has ended. */
  retry(runId: string, tasks?: 'failed' | 'all'): Promise<string>;
}

/** Of all runs, or of the first, the second and so on; the last one holds for all that come after. */
type Pacings = Partial<Pacing> | readonly Partial<Pacing>[];

/** Opens a stage, which is closed after its test. */
export function stageForEach(afterEach: (close: () => Promise<void>) => void) {
  let open: TestHub | undefined;
  afterEach(async () => {
    await open?.close();
    open = undefined;
  });
  return async (
    declarations: readonly WorkloadDeclaration[],
    pacing: Pacings = {},
  ): Promise<Stage> => {
    const stage = await openStage(declarations, pacing);
    open = stage.hub;
    return stage;
  };
}

async function openStage(
  declarations: readonly WorkloadDeclaration[],
  pacing: Pacings,
): Promise<Stage> {
  const clock = new SteppedClock(START);
  const files = new MemoryFiles();
  const workloads = checkWorkloads(declarations);
  const programsFolder = newProgramsFolder();
  mkdirSync(join(programsFolder, 'whole', 'programs'), { recursive: true });
  writeFileSync(join(programsFolder, 'whole', 'programs', 'work.mjs'), '// work');

  const pacings = [pacing].flat();
  const { first, batchOf, account } = accounts((run) => {
    return new PacedBatch(clock, pacings[Math.min(run, pacings.length - 1)]);
  });
  const secrets = { read: async (name: string) => `value of ${name}` };
  const table = new MemoryTable();
  // The first start of an app looks for runs of the version before it.
  await noteUpkeep(table, { formerRunsTaken: true });
  const schedules = declaredSchedules(workloads);
  const ports = { batch: account, files, secrets, table };
  const app = appOn({ ...ports, workloads, schedules, now: () => clock.now() });
  const context = { ...app, ledger: runLedgerOn(table), programsFolder, warn: () => undefined };
  const extraInputs = [df.input.durableClient()];
  const hub = await startTestHub({
    clock,
    register: () => {
      df.app.orchestration(RUN_ORCHESTRATION, runWorkflow(workloads));
      df.app.activity('startFollowers', { extraInputs, handler: followHandler(app) });
      df.app.activity('admitWaiting', { extraInputs, handler: admitHandler(app) });
      for (const [name, activity] of Object.entries(createActivities(context))) {
        df.app.activity(name, { handler: asActivity<unknown>(activity) });
      }
    },
  });

  const begin = async (name: string, key = 'a'): Promise<string> => {
    const workload = workloads.get(name);
    if (workload === undefined) throw new Error(`no workload is called ${name}`);
    const request = {
      workload: name,
      occurrence: { kind: 'request', key } as const,
      parameters: {},
    };
    return (await startRun(app, clientOn(hub), workload, request)).runId;
  };
  const end = async (runId: string) => {
    if ((await readActive(table, runId)) !== null) await hub.runToEnd(runId);
    return readRecord(files, runId);
  };
  const run: Stage['run'] = async (workload, key) => end(await begin(workload, key));
  const retry = async (runId: string, tasks: 'failed' | 'all' = 'failed') =>
    (await retryRun(app, clientOn(hub), runId, { tasks, by: 'ada' })).runId;
  return { app, hub, clock, batch: first, batchOf, files, table, begin, end, run, retry };
}

/** The durable client on a hub in this process: what triggers and handlers ask of it. */
export function clientOn(hub: TestHub): DurableClient {
  const port = {
    getStatus: async (id: string) => {
      if (hub.host.hub.find(id) === undefined) {
        throw new Error('DurableClient error: the extension replied with HTTP 404 response.');
      }
      return hub.status(id);
    },
    startNew: async (
      name: string,
      { instanceId, input }: { instanceId: string; input: unknown },
    ) => {
      await hub.start(name, instanceId, input);
      return instanceId;
    },
    raiseEvent: (id: string, name: string, data: unknown) => hub.raiseEvent(id, name, data),
    getStatusBy: async () => [],
    purgeInstanceHistory: async () => undefined,
  };
  return port as unknown as DurableClient;
}

/** The schedules of an app without settings. */
export function declaredSchedules(workloads: App['workloads']): App['schedules'] {
  return readSchedules({ environment: {}, taskHub: 'hub', zone: 'UTC' }, workloads, []);
}

/** An app without bounds on sums, on ports in memory. */
export function appOn(
  parts: Pick<App, 'batch' | 'files' | 'secrets' | 'table' | 'workloads' | 'now'> &
    Partial<Pick<App, 'schedules'>>,
): App {
  let ids = 0;
  return {
    schedules: {},
    ...parts,
    about: { name: 'nightshift', environment: null, currency: 'USD' },
    limits: {
      maxActiveRuns: 1000,
      maxStartsPerMinute: 1000,
      monthlyNodeMinutes: null,
      monthlyCost: null,
    },
    storageNow: parts.now,
    owner: async () => OWNER,
    announce: () => undefined,
    outbox: NO_OUTBOX,
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
  };
}

/** The id of the run that a request at `START` leads to. */
export function runIdOfKey(workload: string, key = 'a'): string {
  const occurrence = { kind: 'request', key } as const;
  return inputOf({ workload, occurrence, parameters: {} }, START).runId;
}

/** Writes what the nodes of the run would write; returns the run's id. */
export function leaveOutputs(
  { files }: Pick<Stage, 'files'>,
  workload: string,
  blobs: Readonly<Record<string, string>>,
): string {
  const runId = runIdOfKey(workload);
  const container = outputContainerOf(runId);
  for (const [name, content] of Object.entries(blobs)) files.put(container, name, content);
  const labels = labelsOf({ owner: OWNER, runId, workload });
  Object.assign(files.containers.get(container) ?? {}, { labels });
  return runId;
}

/** How long a run took, by its record. */
export function minutesIn(record: RunRecord): number {
  return (Date.parse(record.endedAt) - Date.parse(record.startedAt)) / 60_000;
}

/** Empty, and gone when the test is over. */
export function newProgramsFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightshift-programs-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A paced account holds the pool and the job of one run: each run gets its own. */
function accounts(open: (run: number) => PacedBatch) {
  const first = open(0);
  const byRun = new Map<string, PacedBatch>();
  const batchOf = (runId: string): PacedBatch => {
    const known = byRun.get(runId) ?? (byRun.size === 0 ? first : open(byRun.size));
    byRun.set(runId, known);
    return known;
  };
  const account = new Proxy<Batch>(first, {
    get(_first, name) {
      return (...values: unknown[]): unknown => {
        const [what] = values;
        // A pool or a job, or the id of either: all of a run have the run's own id.
        const id = typeof what === 'object' && what !== null && 'id' in what ? what.id : what;
        const batch = typeof id === 'string' ? batchOf(id) : first;
        return Reflect.apply(Reflect.get(batch, name, batch) as () => unknown, batch, values);
      };
    },
  });
  return { first, batchOf, account };
}
