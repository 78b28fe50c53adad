import { type DurableOrchestrationStatus } from 'durable-functions';
import { Failure } from './failure';
import type { RunInput, RunRequest } from './run/run';
import { RUN_ORCHESTRATION } from './run/workflow';
import type { Workload } from './workload/workload';
import { runIdOf, workloadOfRun } from './run/names';
import type { StartContext } from './instances';
import { findInstance, activeRunIds, cancelRun } from './instances';

export interface Started {
  readonly runId: string;
  /** False when the occurrence has its run already. */
  readonly isNew: boolean;
}

/** @throws Failure keyReused when the same idempotency key came with another request */
export async function startRun(
  { client, files }: StartContext,
  workload: Workload,
  request: RunRequest,
): Promise<Started> {
  refuseWithoutPrevious(workload, request);
  const runId = runIdOf(workload.name, request.occurrence);
  const existing = await findInstance(client, runId);
  if (existing !== null) {
    refuseOther(existing, request, runId);
    return { runId, isNew: false };
  }
  if (workload.overlap === 'replace')
    await cancelOverlappingRuns({ client, files }, workload, runId);

  const journey: RunInput = { request };
  try {
    await client.startNew(RUN_ORCHESTRATION, { instanceId: runId, input: journey });
  } catch (error) {
    // Two deliveries of one occurrence at the same moment: the host lets one start it.
    const winner = await findInstance(client, runId);
    if (winner === null) throw error;
    refuseOther(winner, request, runId);
    return { runId, isNew: false };
  }
  return { runId, isNew: true };
}

function refuseWithoutPrevious({ name, inputs, triggers }: Workload, request: RunRequest): void {
  if (inputs?.from !== 'previous' || request.occurrence.kind === 'after') return;
  throw new Failure(
    'badRequest',
    `${name} takes what a run of ${triggers.after ?? 'another workload'} has left; start that one, and ${name} follows`,
  );
}

function refuseOther(
  existing: DurableOrchestrationStatus,
  request: RunRequest,
  runId: string,
): void {
  if (request.occurrence.kind !== 'request') return;
  const journey = existing.input as RunInput | null;
  if (journey === null || sameRequest(journey.request, request)) return;
  throw new Failure(
    'keyReused',
    `the idempotency key was used for another request (run ${runId}); send a new key with a new request`,
  );
}

function sameRequest(one: RunRequest, other: RunRequest): boolean {
  const essence = ({ parameters, blob }: RunRequest) =>
    JSON.stringify([
      Object.entries(parameters).sort(([a], [b]) => a.localeCompare(b)),
      blob ?? null,
    ]);
  return essence(one) === essence(other);
}

/** With the policy "replace", the newest run has those before it end first. */
async function cancelOverlappingRuns(
  doors: StartContext,
  workload: Workload,
  runId: string,
): Promise<void> {
  for (const other of await activeRunIds(doors.client)) {
    if (other !== runId && workloadOfRun(other) === workload.name) await cancelRun(doors, other);
  }
}
