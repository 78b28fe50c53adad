import type { InvocationContext, Timer } from '@azure/functions';
import { OrchestrationRuntimeStatus, type DurableClient } from 'durable-functions';
import { admissionOf, recordUnstarted, type App } from '../app';
import { takeFormerRuns } from '../former-version';
import { findInstance, instanceIdOf } from '../instances';
import { registerFollowUps } from '../ledger/follow-ups';
import { noteBatchSeen, type BatchSeen, type PoolSeen } from '../ledger/batch-seen';
import type { WatchedContainer } from '../ledger/inventory';
import { runIdOf } from '../ledger/keys';
import { newOccurrenceRow } from '../ledger/ledger';
import { newOccurrenceOf } from '../ledger/new-occurrence';
import { insertMissed, listeners } from '../ledger/notices';
import { reconcile, type ReconcileContext, type Reconciled } from '../ledger/reconcile';
import type { InstanceState } from '../ledger/repair';
import type { ActiveRow } from '../ledger/rows';
import { requestOfDue, startByOf, type ScheduleContext } from '../ledger/schedules';
import { reap } from '../run/finish/reap';
import { billedNodes } from '../run/finish/usage';
import type { OwnedResource } from '../run/ports';
import { canWork } from '../run/provision/nodes';
import { readUpkeep, type Upkeep } from '../ledger/upkeep';
import type { RunStatus } from '../run/run';
import { registerRun } from '../start-run';
import { endLost } from './end-lost';
import { knownRuns, upkeep } from './upkeep';
import { isInput, matches } from '../workload/input-names';
import { parametersOf } from '../workload/parameters';
import type { Workload } from '../workload/workload';

/** Every few minutes and at start: closes the difference between what should be and what is. */
export function reconcileHandler(app: App) {
  let isFirstPass = true;
  return async (
    _timer: Timer,
    client: DurableClient,
    context: InvocationContext,
  ): Promise<void> => {
    const kept = await readUpkeep(app.table);
    for (const sentence of await takeFormerRuns(app, client, kept)) context.log(sentence);
    const parts = await contextOf(app, client, kept);
    const { done, failed } = await reconcile({ ...parts, isFirstPass });
    isFirstPass = isFirstPass && failed.length > 0;
    for (const sentence of done) context.log(sentence);
    for (const sentence of failed)
      context.error(`not reconciled, the next pass retries: ${sentence}`);
  };
}

async function contextOf(
  app: App,
  client: DurableClient,
  kept: Upkeep,
): Promise<Omit<ReconcileContext, 'isFirstPass'>> {
  const owner = await app.owner();
  return {
    admission: admissionOf(app, client),
    schedules: [...app.workloads.keys()].flatMap((name) => app.schedules[name] ?? []),
    scheduling: schedulingOf(app, owner, kept),
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
        await registerRun(app, kept, workload, request, { instant: writtenAt });
      },
    },
    storageNow: app.storageNow,
    instanceOf: (row) => instanceStateOf(client, row),
    endLostRun: (row, instance, step) => endLost(app, owner, row, { instance, step }),
    deleteLeftovers: () => deleteLeftovers(app, client, owner),
    upkeep: () => upkeep(app, client, owner, kept),
    outbox: app.outbox,
  };
}

function schedulingOf(app: App, owner: string, kept: Upkeep): ScheduleContext {
  const runIdOfDue = (workload: string, due: string): string =>
    runIdOf({ owner, workload, occurrence: { kind: 'schedule', due }, instant: due, attempt: 0 });
  return {
    table: app.table,
    runIdOfDue,
    registerDue: async (schedule, due) => {
      const workload = app.workloads.get(schedule.workload);
      if (workload === undefined) return;
      const known = startByOf(schedule, due);
      await registerRun(app, kept, workload, requestOfDue(workload, schedule, due), known);
    },
    recordMissed: async (schedule, due, cause) => {
      const workload = app.workloads.get(schedule.workload);
      if (workload === undefined) return;
      const request = requestOfDue(workload, schedule, due);
      const known = { request, instant: due, attempt: 0 };
      const now = app.now().toISOString();
      const row = newOccurrenceRow(runIdOfDue(workload.name, due), known, now);
      if (listeners(app.outbox, workload.name, 'missed').length > 0) {
        const occurrence = newOccurrenceOf(workload, request, {}, now);
        await insertMissed(app.table, row.runId, occurrence, cause, now);
      }
      await recordUnstarted(app, row, { request, code: 'startWindowEnded', cause });
      await registerFollowUps(app, request, 0);
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
  if (instance === null) return { kind: 'unknown' };
  const status = (instance.customStatus ?? {}) as Partial<RunStatus>;
  const { nodeMinutes = 0 } = status;
  switch (instance.runtimeStatus) {
    case OrchestrationRuntimeStatus.Pending:
      return { kind: 'pending' };
    case OrchestrationRuntimeStatus.Running:
    case OrchestrationRuntimeStatus.Suspended:
    case OrchestrationRuntimeStatus.ContinuedAsNew:
      return { kind: 'active', nodeMinutes, lacksNodes: lacksNodes(status) };
    default:
      return { kind: 'ended', output: instance.output ?? null, nodeMinutes };
  }
}

/** True from the request for nodes to the last task, while no node works or will work soon. */
function lacksNodes({ phase, nodes }: Partial<RunStatus>): boolean {
  if (phase !== 'provisioning' && phase !== 'watching') return false;
  return nodes === null || nodes === undefined || canWork(nodes) === 0;
}

/** Retained pools have nodes only while runs use them. Those of runs are counted by the runs themselves. */
async function seenIn(
  { batch }: App,
  owned: readonly OwnedResource[],
  askedAt: string,
): Promise<BatchSeen> {
  const pools: PoolSeen[] = [];
  for (const { kind, id, runId } of owned) {
    if (kind !== 'pool') continue;
    const found = runId === null ? await batch.getPool(id).catch(() => null) : null;
    pools.push({ id, runId, nodes: found === null ? null : billedNodes(found.nodes) });
  }
  return { askedAt, pools, jobs: owned.filter(({ kind }) => kind === 'job').length };
}

/** Leaves the resources of a run that the engine still runs: its next poll writes its row again. */
async function deleteLeftovers(
  app: App,
  client: DurableClient,
  owner: string,
): Promise<Reconciled> {
  const askedAt = app.now();
  const owned: OwnedResource[] = [];
  const { orphans, retainedPools, containers, failures } = await reap(
    app,
    { ...knownRuns(app, client, owner), onListed: (found) => owned.push(...found) },
    askedAt,
  );
  await noteBatchSeen(app.table, await seenIn(app, owned, askedAt.toISOString()));
  const done = [
    ...orphans.map(({ kind, id }) => `${kind} ${id} had no active run and is being deleted`),
    ...retainedPools.map((id) => `pool ${id} is past its retention and is being deleted`),
    ...containers.map((name) => `container ${name} had no active run and was deleted`),
  ];
  return { done, failed: failures };
}
