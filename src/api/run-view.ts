import { OrchestrationRuntimeStatus, type DurableOrchestrationStatus } from 'durable-functions';
import { RUN_ORCHESTRATION } from '../run/workflow';
import type { NodeCounts, Outcome, Phase, RunRecord, RunStatus, TaskCounts } from '../run/run';
import { workloadOfRun } from '../run/names';

/** A run as a caller sees it over HTTP. */
export interface RunView {
  readonly runId: string;
  readonly workload: string;
  readonly status: 'queued' | 'running' | Outcome['kind'];
  readonly phase: Phase | null;
  /** The event that an active run waits for, in one sentence; null when the run has ended. */
  readonly waitingFor: string | null;
  readonly tasks: TaskCounts | null;
  readonly nodes: NodeCounts | null;
  readonly nodeMinutes: number;
  readonly createdAt: string;
  readonly timeline: RunStatus['timeline'];
  /** The reason why the run did not succeed; null while it is active or when it succeeded. */
  readonly cause: { readonly code: string; readonly message: string } | null;
  /** The record of a run that has ended. */
  readonly record: RunRecord | null;
}

/** True for a run that has not ended. */
export function isActiveRun(run: RunView): boolean {
  return run.status === 'queued' || run.status === 'running';
}

/** The view of an orchestration instance; null when it is not a run. */
export function toRunView(instance: DurableOrchestrationStatus): RunView | null {
  if (instance.name !== RUN_ORCHESTRATION) return null;
  const record = instance.output as RunRecord | null;
  if (instance.runtimeStatus === OrchestrationRuntimeStatus.Completed && record !== null) {
    return recordToRunView(record);
  }
  const now = (instance.customStatus ?? null) as RunStatus | null;
  return {
    runId: instance.instanceId,
    workload: workloadOfRun(instance.instanceId),
    phase: now?.phase ?? null,
    tasks: now?.tasks ?? null,
    nodes: now?.nodes ?? null,
    nodeMinutes: now?.nodeMinutes ?? 0,
    // In lists of instances the library leaves timestamps as text, contrary to its types.
    createdAt: now?.timeline[0]?.at ?? new Date(instance.createdTime).toISOString(),
    timeline: now?.timeline ?? [],
    record: null,
    ...runtimeStatusView(instance, now),
  };
}

/** The status that the engine reports for an instance without a record. */
function runtimeStatusView(
  { runtimeStatus, output, instanceId }: DurableOrchestrationStatus,
  now: RunStatus | null,
): Pick<RunView, 'status' | 'waitingFor' | 'cause'> {
  const advice = `pool and job ${instanceId} may be left; the hourly clean-up timer (tidy) deletes them`;
  switch (runtimeStatus) {
    case OrchestrationRuntimeStatus.Failed:
      return {
        status: 'failed',
        waitingFor: null,
        cause: { code: 'internal', message: `${String(output)}; ${advice}` },
      };
    // A run that ended as it should has a record, and is not handled here.
    case OrchestrationRuntimeStatus.Completed:
      return {
        status: 'failed',
        waitingFor: null,
        cause: { code: 'internal', message: `the orchestration left no record; ${advice}` },
      };
    case OrchestrationRuntimeStatus.Terminated:
    case OrchestrationRuntimeStatus.Canceled:
      return {
        status: 'cancelled',
        waitingFor: null,
        cause: {
          code: 'cancelled',
          message: `the orchestration was terminated by an operator before it could clean up; ${advice}`,
        },
      };
    case OrchestrationRuntimeStatus.Suspended:
      return {
        status: 'running',
        waitingFor: 'an operator to resume the suspended orchestration',
        cause: null,
      };
    default:
      return now === null
        ? { status: 'queued', waitingFor: 'a worker of the Functions host', cause: null }
        : { status: 'running', waitingFor: now.waitingFor, cause: null };
  }
}

/** The view of a run that has ended. */
export function recordToRunView(record: RunRecord): RunView {
  const { outcome } = record;
  return {
    runId: record.runId,
    workload: record.workload,
    status: outcome.kind,
    phase: 'ended',
    waitingFor: null,
    tasks: record.tasks,
    nodes: null,
    nodeMinutes: record.nodeMinutes,
    createdAt: record.startedAt,
    timeline: record.timeline,
    cause: outcome.kind === 'succeeded' ? null : { code: outcome.code, message: outcome.cause },
    record,
  };
}
