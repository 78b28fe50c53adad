import type { Workload } from '../../workload/workload';
import { costOf } from '../../workload/prices';
import { outputContainerOf } from '../names';
import type { Files } from '../ports';
import {
  NO_TASKS,
  type CleanedUp,
  type Outcome,
  type RunRecord,
  type RunRequest,
  type Usage,
} from '../run';
import { writeRecordOnce } from './record';
import { retentionOf } from './retention';

/** An occurrence whose end no orchestration records: it was skipped, or its orchestration is lost. */
export interface UnrecordedEnd {
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

const DAY_MS = 86_400_000;

/** Writes the record unless there is one; returns the one that stands. */
export async function recordWithoutRun(files: Files, end: UnrecordedEnd): Promise<RunRecord> {
  const { runId, request, outcome, startedAt, endedAt, cleanedUp = [] } = end;
  const usage = end.usage ?? { nodeMinutes: 0, dedicatedMinutes: 0, preemptions: 0 };
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
    ...usage,
    estimatedCost: costOf(usage, end.workload?.pool.pricePerNodeHour ?? null),
    results: [],
    logs: [],
    outputContainer: end.outputContainer ?? outputContainerOf(runId),
    ...keptUntil(end),
    cleanedUp,
    warnings: [],
    followers: [],
  };
  return writeRecordOnce(files, record);
}

/** Nothing is kept of an occurrence that never ran. */
function keptUntil({
  workload,
  outcome,
  endedAt,
  cleanedUp = [],
}: UnrecordedEnd): Pick<RunRecord, 'outputsKeptUntil' | 'logsKeptUntil'> {
  if (!cleanedUp.some(({ resource, state }) => resource === 'outputs' && state === 'kept')) {
    return { outputsKeptUntil: null, logsKeptUntil: null };
  }
  const days = retentionOf(workload, outcome.kind);
  const after = (count: number) =>
    count === 0 ? null : new Date(Date.parse(endedAt) + count * DAY_MS).toISOString();
  return { outputsKeptUntil: after(days.outputsDays), logsKeptUntil: after(days.logsDays) };
}
