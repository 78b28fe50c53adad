import type { Workload } from '../../workload/workload';
import { costOf } from '../../workload/prices';
import { outputContainerOf } from '../names';
import type { Files } from '../ports';
import {
  linkOf,
  NO_TASKS,
  type AttemptLink,
  type CleanedUp,
  type Outcome,
  type RunRecord,
  type RunRequest,
  type Usage,
} from '../run';
import { writeRecordOnce } from './record';
import { NOTHING_KEPT, retentionEndsOf } from './retention';

/** An occurrence whose end no orchestration records: it was skipped, or its orchestration is lost. */
export interface UnrecordedEnd extends AttemptLink {
  readonly runId: string;
  readonly request: RunRequest;
  readonly outcome: Exclude<Outcome, { kind: 'succeeded' }>;
  /** Null for a workload that the app no longer has. */
  readonly workload: Workload | null;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly usage?: Pick<Usage, 'nodeMinutes' | 'dedicatedMinutes' | 'preemptions'>;
  readonly cleanedUp?: readonly CleanedUp[];
  /** Default: the name that follows from the run id. */
  readonly outputContainer?: string;
}

/** Writes the record unless there is one; returns the one that stands. */
export async function recordWithoutRun(files: Files, end: UnrecordedEnd): Promise<RunRecord> {
  const { runId, request, outcome, startedAt, endedAt, cleanedUp = [] } = end;
  const usage = end.usage ?? { nodeMinutes: 0, dedicatedMinutes: 0, preemptions: 0 };
  // Nothing is kept of an occurrence that never ran.
  const isKept = cleanedUp.some(
    ({ resource, state }) => resource === 'outputs' && state === 'kept',
  );
  const record: RunRecord = {
    runId,
    workload: request.workload,
    occurrence: request.occurrence,
    outcome,
    startedAt,
    endedAt,
    timeline: [{ phase: 'ended', at: endedAt }],
    tasks: NO_TASKS,
    missingTasks: 0,
    ...linkOf(end),
    ...(request.retry !== undefined && { retry: request.retry }),
    ...usage,
    estimatedCost: costOf(usage, end.workload?.pool.pricePerNodeHour ?? null),
    results: [],
    logs: [],
    outputContainer: end.outputContainer ?? outputContainerOf(runId),
    ...(isKept ? retentionEndsOf(end.workload, outcome.kind, endedAt) : NOTHING_KEPT),
    cleanedUp,
    warnings: [],
    followers: [],
  };
  return writeRecordOnce(files, record);
}
