import { type DurableOrchestrationStatus } from 'durable-functions';
import { Failure } from './failure';
import type { RunInput, RunRequest } from './run/run';
import { RUN_ORCHESTRATION } from './run/workflow';
import type { Workload } from './workload/workload';
import { runIdOf, workloadOfRun } from './run/names';
import type { StartContext } from './instances';
import { findInstance, activeRunIds, cancelRun } from './instances';

/** The result of a start. */
export interface Started {
  readonly runId: string;
  /** False when the occurrence already has its run. */
  readonly isNew: boolean;
}

/**
 * Starts the run of an occurrence, for every trigger. The same occurrence starts one run only.
 * @throws Failure keyReused when the idempotency key was used for another request
 */
export async function startRun(
  { client, files }: StartContext,
  workload: Workload,
  request: RunRequest,
): Promise<Started> {
  requirePrevious(workload, request);
  const runId = runIdOf(workload.name, request.occurrence);
  const existing = await findInstance(client, runId);
  if (existing !== null) {
    requireSameRequest(existing, request, runId);
    return { runId, isNew: false };
  }
  if (workload.overlap === 'replace')
    await cancelOverlappingRuns({ client, files }, workload, runId);

  const input: RunInput = { request };
  try {
    await client.startNew(RUN_ORCHESTRATION, { instanceId: runId, input });
  } catch (error) {
    // Two simultaneous deliveries of one occurrence: the host lets one of them start the run.
    const winner = await findInstance(client, runId);
    if (winner === null) throw error;
    requireSameRequest(winner, request, runId);
    return { runId, isNew: false };
  }
  return { runId, isNew: true };
}

function requirePrevious({ name, inputs, triggers }: Workload, request: RunRequest): void {
  if (inputs?.from !== 'previous' || request.occurrence.kind === 'after') return;
  throw new Failure(
    'badRequest',
    `${name} takes the outputs of a run of ${triggers.after ?? 'another workload'}; start that workload, and ${name} follows`,
  );
}

function requireSameRequest(
  existing: DurableOrchestrationStatus,
  request: RunRequest,
  runId: string,
): void {
  if (request.occurrence.kind !== 'request') return;
  const input = existing.input as RunInput | null;
  if (input === null || sameRequest(input.request, request)) return;
  throw new Failure(
    'keyReused',
    `the idempotency key was used for another request (run ${runId}); send a new key with a new request`,
  );
}

function sameRequest(one: RunRequest, other: RunRequest): boolean {
  const contentOf = ({ parameters, blob }: RunRequest) =>
    JSON.stringify([
      Object.entries(parameters).sort(([a], [b]) => a.localeCompare(b)),
      blob ?? null,
    ]);
  return contentOf(one) === contentOf(other);
}

/** Cancels the active runs of the workload, for the overlap policy "replace". */
async function cancelOverlappingRuns(
  context: StartContext,
  workload: Workload,
  runId: string,
): Promise<void> {
  for (const other of await activeRunIds(context.client)) {
    if (other !== runId && workloadOfRun(other) === workload.name) await cancelRun(context, other);
  }
}
