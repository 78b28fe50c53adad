import type { InvocationContext, Timer } from '@azure/functions';
import { OrchestrationRuntimeStatus, type DurableClient } from 'durable-functions';
import { admissionOf, type App } from '../app';
import { findInstance, instanceIdOf, isOnEngine, purgeInstances } from '../instances';
import { forgetOccurrence } from '../ledger/forget';
import { finish } from '../ledger/finish';
import type { WatchedContainer } from '../ledger/inventory';
import { runIdOf } from '../ledger/keys';
import { newOccurrenceRow } from '../ledger/ledger';
import { listActive } from '../ledger/list';
import { reconcile, type ReconcileContext, type Reconciled } from '../ledger/reconcile';
import type { InstanceState } from '../ledger/repair';
import type { ActiveRow } from '../ledger/rows';
import { endingOf } from '../ledger/run-ledger';
import type { DeclaredSchedule, ScheduleContext } from '../ledger/schedules';
import { endLostRun } from '../run/finish/end-lost-run';
import { reap } from '../run/finish/reap';
import { writeRecordOnce } from '../run/finish/record';
import type { RunRecord } from '../run/run';
import { registerRun } from '../start-run';
import { isInput, matches } from '../workload/input-names';
import { parametersOf } from '../workload/parameters';
import type { Workload } from '../workload/workload';

/** The schedules that are in force, with their time zone, by workload. */
export interface SchedulesInForce {
  readonly crons: Readonly<Record<string, string>>;
  readonly timeZone: string;
}

/** Every few minutes and at start: closes the difference between what should be and what is. */
export function reconcileHandler(app: App, schedules: SchedulesInForce) {
  return async (
    _timer: Timer,
    client: DurableClient,
    context: InvocationContext,
  ): Promise<void> => {
    const { done, failed } = await reconcile(await contextOf(app, client, schedules));
    for (const sentence of done) context.log(sentence);
    for (const sentence of failed)
      context.error(`not reconciled, the next pass retries: ${sentence}`);
  };
}

async function contextOf(
  app: App,
  client: DurableClient,
  schedules: SchedulesInForce,
): Promise<ReconcileContext> {
  const owner = await app.owner();
  return {
    admission: admissionOf(app, client),
    schedules: declaredSchedules(app, schedules),
    scheduling: schedulingOf(app, owner),
    watched: [...app.workloads.values()].flatMap(watchedBy),
    inventory: {
      table: app.table,
      page: (container, cursor) => app.files.page(container, cursor),
      registerBlob: async (name, { name: blob, etag, writtenAt }) => {
        const workload = app.workloads.get(name);
        const container = workload?.triggers.blob?.container;
        if (workload === undefined || container === undefined) return;
        const request = {
          workload: name,
          occurrence: { kind: 'blob', container, name: blob, etag },
          parameters: parametersOf(workload, {}),
          blob,
        } as const;
        await registerRun(app, workload, request, writtenAt);
      },
    },
    storageNow: app.storageNow,
    instanceOf: (row) => instanceStateOf(client, row),
    endLostRun: (row, instance) => endLost(app, owner, row, instance),
    deleteLeftovers: () => deleteLeftovers(app, client, owner),
  };
}

function declaredSchedules(
  { workloads }: App,
  { crons, timeZone }: SchedulesInForce,
): readonly DeclaredSchedule[] {
  return [...workloads.values()].flatMap(({ name, triggers }) => {
    const cron = crons[name];
    if (cron === undefined) return [];
    const catchUp = triggers.schedule?.catchUp ?? 'last';
    return [{ workload: name, cron, timeZone, catchUp }];
  });
}

function schedulingOf(app: App, owner: string): ScheduleContext {
  const requestOf = (workload: Workload, due: string) => ({
    workload: workload.name,
    occurrence: { kind: 'schedule', due } as const,
    parameters: parametersOf(workload, {}),
  });
  const runIdOfDue = (workload: string, due: string): string =>
    runIdOf({ owner, workload, occurrence: { kind: 'schedule', due }, instant: due, attempt: 0 });
  return {
    table: app.table,
    runIdOfDue,
    registerDue: async (name, due) => {
      const workload = app.workloads.get(name);
      if (workload !== undefined) await registerRun(app, workload, requestOf(workload, due));
    },
    recordMissed: async (name, due, cause) => {
      const workload = app.workloads.get(name);
      if (workload === undefined) return;
      const now = app.now().toISOString();
      const identity = { request: requestOf(workload, due), instant: due, attempt: 0 };
      await finish(app.table, newOccurrenceRow(runIdOfDue(name, due), identity, now), {
        state: 'missed',
        startedAt: null,
        endedAt: now,
        code: 'startWindowEnded',
        cause,
        nodeMinutes: 0,
        cost: null,
      });
    },
  };
}

function watchedBy({ name, triggers, inputs }: Workload): readonly WatchedContainer[] {
  const { blob } = triggers;
  if (blob === undefined) return [];
  const isWatched = (file: string) => matches(file, blob.endsWith) && isInput(file, inputs);
  return [{ workload: name, container: blob.container, isInput: isWatched }];
}

async function instanceStateOf(client: DurableClient, row: ActiveRow): Promise<InstanceState> {
  const instance = await findInstance(client, instanceIdOf(row));
  switch (instance?.runtimeStatus) {
    case undefined:
      return { kind: 'unknown' };
    case OrchestrationRuntimeStatus.Pending:
      return { kind: 'pending' };
    case OrchestrationRuntimeStatus.Running:
    case OrchestrationRuntimeStatus.Suspended:
    case OrchestrationRuntimeStatus.ContinuedAsNew:
      return { kind: 'active' };
    default:
      return { kind: 'ended', output: instance?.output ?? null };
  }
}

const GIVE_UP_MS = 2 * 3_600_000;

/** A record that the orchestration returned, and storage has lost, is written again. */
async function endLost(
  app: App,
  owner: string,
  row: ActiveRow,
  instance: InstanceState,
): Promise<boolean> {
  const { runId, request, workload } = row;
  const returned = instance.kind === 'ended' ? recordIn(instance.output, runId) : null;
  const now = app.now().toISOString();
  const record =
    returned === null
      ? await endLostRun(
          app,
          {
            owner: { owner, runId, workload },
            request,
            startedAt: row.knownAt,
            cause: `the run could not end itself: ${row.reason?.cause ?? 'its orchestration is lost'}`,
            workload: app.workloads.get(workload) ?? null,
            giveUpAt: new Date(Date.parse(row.since) + GIVE_UP_MS).toISOString(),
          },
          now,
        )
      : await writeRecordOnce(app.files, returned);
  if (record === null) return false;
  const occurrence = newOccurrenceRow(runId, row, row.knownAt);
  await finish(app.table, occurrence, endingOf(record));
  return true;
}

function recordIn(output: unknown, runId: string): RunRecord | null {
  const record = output as Partial<RunRecord> | null;
  return record?.runId === runId && record.outcome !== undefined ? (record as RunRecord) : null;
}

/** Leaves the resources of a run that the engine still runs: its next poll writes its row again. */
async function deleteLeftovers(
  app: App,
  client: DurableClient,
  owner: string,
): Promise<Reconciled> {
  const reaped = await reap(
    app,
    {
      owner,
      activeRunIds: async () => new Set((await listActive(app.table)).map(({ runId }) => runId)),
      isRunning: (runId) => isOnEngine(client, runId),
      forget: (runId) => forget(app, client, runId),
    },
    app.now(),
  );
  const done = [
    ...reaped.orphans.map(({ kind, id }) => `${kind} ${id} had no active run and is being deleted`),
    ...reaped.retainedPools.map((id) => `pool ${id} is past its retention and is being deleted`),
    ...reaped.containers.map((name) => `container ${name} ${reasonToDelete(name)} and was deleted`),
    ...reaped.forgotten.map((runId) => `run ${runId} is past its retention and was forgotten`),
  ];
  return { done, failed: reaped.failures };
}

/** Outputs outlive their run, staging does not. */
function reasonToDelete(container: string): string {
  return container.endsWith('-out') ? 'is past its retention' : 'had no active run';
}

async function forget(app: App, client: DurableClient, runId: string): Promise<void> {
  await purgeInstances(client, runId);
  await forgetOccurrence(app.table, runId);
}
