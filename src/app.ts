import type { DurableClient } from 'durable-functions';
import type { AboutApp } from './about';
import { Failure, type FailureCode } from './failure';
import { findInstance, instanceIdOf, isActive } from './instances';
import type { AppLimits, WorkloadPolicy } from './ledger/admission';
import type { AdmissionContext, RunStarter } from './ledger/admit';
import { finish, type Announce } from './ledger/finish';
import { registerFollowUps } from './ledger/follow-ups';
import { newOccurrenceRow } from './ledger/ledger';
import type { Outbox } from './ledger/notices';
import { newOccurrenceOf } from './ledger/new-occurrence';
import type { ActiveRow, OccurrenceRow } from './ledger/rows';
import { endingOf } from './ledger/run-ledger';
import { requestOfDue, type SchedulesInForce } from './ledger/schedules';
import type { Table } from './ledger/table';
import { recordWithoutRun } from './run/finish/record-without-run';
import type { Ports } from './run/ports';
import { linkOf, type RunInput, type RunRequest } from './run/run';
import { POLL_NOW, RUN_ORCHESTRATION } from './run/workflow';
import { groupOf } from './workload/after-schema';
import { overlapPolicy, type Workloads } from './workload/workload';

/** Everything that triggers, the API and the reconciler work with. */
export interface App extends Ports {
  readonly table: Table;
  readonly workloads: Workloads;
  readonly schedules: SchedulesInForce;
  readonly limits: AppLimits;
  readonly about: AboutApp;
  /** The mark of this app on all that it makes. */
  readonly owner: () => Promise<string>;
  readonly now: () => Date;
  /** The time as storage stamps it on blobs: real time, also where `now` runs faster. */
  readonly storageNow: () => Date;
  readonly newId: () => string;
  /** Writes the log line of an occurrence that has become final. */
  readonly announce: Announce;
  /** The targets that are notified of events, and the way to them. */
  readonly outbox: Outbox;
}

/** Admission of this app, which starts orchestrations through the client. */
export function admissionOf(app: App, client: DurableClient): AdmissionContext {
  const { table, workloads, limits } = app;
  return {
    table,
    limits,
    starter: starterOn(app, client),
    policyOf: (name) => policyOf(workloads, name),
    workloads: [...workloads.keys()],
    now: app.now,
    newDecisionId: app.newId,
    endWithoutRun: (row) => endWithoutRun(app, row),
    backfills: backfillsOf(app),
  };
}

function backfillsOf(app: App): AdmissionContext['backfills'] {
  const { workloads, schedules, owner, now } = app;
  return {
    registerFollowUps: ({ request, attempt, backfill }) =>
      registerFollowUps(app, request, attempt, backfill),
    schedulesOf: (name) => (workloads.has(name) ? (schedules[name] ?? []) : null),
    occurrenceOf: async (schedule, due, backfill) => {
      const workload = workloads.get(schedule.workload);
      if (workload === undefined) {
        throw new Failure('unknownWorkload', `workload ${schedule.workload} no longer exists`);
      }
      const request = requestOfDue(workload, schedule, due);
      const known = newOccurrenceOf(workload, request, { backfill }, now().toISOString());
      return { ...known, owner: await owner() };
    },
  };
}

/** Null for a workload that the app no longer has. */
export function policyOf(workloads: Workloads, name: string): WorkloadPolicy | null {
  const workload = workloads.get(name);
  if (workload === undefined) return null;
  const { overlap, deadlineMinutes, startWithinMinutes = deadlineMinutes } = workload;
  const whenNotSucceeded = groupOf(workload)?.whenNotSucceeded ?? 'skip';
  return {
    ...overlapPolicy(overlap),
    deadlineMinutes,
    startWithinMinutes,
    whenNotSucceeded,
    ...(workload.budget !== undefined && { budget: workload.budget }),
  };
}

function starterOn(app: App, client: DurableClient): RunStarter {
  return {
    start: async (row) => {
      const instanceId = instanceIdOf(row);
      const input = await inputOf(app, row);
      try {
        await client.startNew(RUN_ORCHESTRATION, { instanceId, input });
      } catch (error) {
        // The engine refuses an instance that is active; it is the one that was wanted.
        const instance = await findInstance(client, instanceId);
        if (instance === null || !isActive(instance)) throw error;
      }
    },
    wake: async (row) => {
      await client.raiseEvent(instanceIdOf(row), POLL_NOW, {});
    },
  };
}

async function inputOf({ owner }: App, row: ActiveRow): Promise<RunInput> {
  const { runId, term, instant, request } = row;
  return { runId, term, instant, request, ...linkOf(row), owner: await owner() };
}

/** Records an occurrence that was decided to end without a run. */
export async function endWithoutRun(app: App, row: ActiveRow): Promise<void> {
  const { code = 'internal', cause = 'the occurrence was ended without a run' } = row.reason ?? {};
  await recordUnstarted(app, newOccurrenceRow(row.runId, row, row.knownAt), {
    request: row.request,
    code,
    cause,
  });
}

/** Writes the record of an occurrence that never ran, and makes it final. */
export async function recordUnstarted(
  { files, table, workloads, now, announce, outbox }: App,
  occurrence: OccurrenceRow,
  { request, code, cause }: { request: RunRequest; code: FailureCode; cause: string },
): Promise<void> {
  const record = await recordWithoutRun(files, {
    runId: occurrence.runId,
    request,
    outcome: { kind: 'skipped', code, cause },
    ...linkOf(occurrence),
    workload: workloads.get(request.workload) ?? null,
    startedAt: occurrence.knownAt,
    endedAt: now().toISOString(),
  });
  await finish(table, occurrence, { ...endingOf(record), startedAt: null }, announce, outbox);
}
