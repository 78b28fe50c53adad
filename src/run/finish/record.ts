import { Failure } from '../../failure';
import type { Files } from '../ports';
import { costOf, type NodeTime } from '../../workload/prices';
import type { Workload } from '../../workload/workload';
import { NOTHING_KEPT, retentionEndsOf } from './retention';
import {
  linkOf,
  type CleanedUp,
  type Follower,
  type Harvest,
  type Outcome,
  type RunPlan,
  type RunRecord,
  type Usage,
  type WatchState,
} from '../run';
import { recordBlob, RUNS_CONTAINER } from '../names';
import type { ActivityContext } from '../activity-context';

export interface RecordInput {
  readonly plan: RunPlan;
  readonly outcome: Outcome;
  readonly harvest: Harvest;
  readonly watch: WatchState;
  readonly cleanedUp: readonly CleanedUp[];
  readonly followers: readonly Follower[];
  readonly endedAt: string;
}

/** Writes the record of an ended run. */
export async function record(
  { files, workloads }: Pick<ActivityContext, 'files' | 'workloads'>,
  input: RecordInput,
): Promise<RunRecord> {
  const { plan, outcome, watch, harvest } = input;
  const workload = workloads.get(plan.workload) ?? null;
  const nodeTime = nodeTimeOf(plan, watch.usage);
  const isDeleted = input.cleanedUp.some(
    ({ resource, state }) => resource === 'outputs' && state === 'deleted',
  );
  const written: RunRecord = {
    runId: plan.runId,
    workload: plan.workload,
    occurrence: plan.request.occurrence,
    outcome,
    startedAt: plan.startedAt,
    endedAt: input.endedAt,
    timeline: watch.timeline,
    tasks: watch.tasks,
    missingTasks: harvest.missingTasks,
    ...linkOf(plan),
    ...retryOf(input),
    ...nodeTime,
    preemptions: watch.usage.preemptions,
    ...vmSizeOf(plan, workload),
    estimatedCost: costOf(nodeTime, workload?.pool.pricePerNodeHour ?? null),
    results: harvest.results,
    logs: harvest.logs,
    outputContainer: plan.outputContainer,
    ...(isDeleted ? NOTHING_KEPT : retentionEndsOf(workload, outcome.kind, input.endedAt)),
    cleanedUp: input.cleanedUp,
    warnings: watch.warnings,
    followers: input.followers,
  };
  return writeRecordOnce(files, written);
}

function retryOf({
  plan: { request },
  watch: { takenOver },
}: RecordInput): Pick<RunRecord, 'retry' | 'takenOverTasks'> {
  if (request.retry === undefined) return {};
  return { retry: request.retry, takenOverTasks: takenOver?.tasks ?? 0 };
}

/** Writes a record unless there is one; returns the one that stands. */
export async function writeRecordOnce(files: Files, record: RunRecord): Promise<RunRecord> {
  const text = `${JSON.stringify(record, null, 2)}\n`;
  const claim = () => files.claim(RUNS_CONTAINER, recordBlob(record.runId), text);
  // The container holds the app's mark, so it is there but for the first record of all.
  const isNew = await claim().catch(async () => {
    await files.makeContainer(RUNS_CONTAINER, {});
    return claim();
  });
  return isNew ? record : readRecord(files, record.runId);
}

function vmSizeOf({ pool }: RunPlan, workload: Workload | null): Pick<RunRecord, 'vmSize'> {
  const vmSize = pool === 'existing' ? undefined : workload?.pool.vmSize;
  return vmSize === undefined ? {} : { vmSize };
}

/** A run is not charged for the nodes of an existing pool. */
function nodeTimeOf({ pool }: RunPlan, usage: Usage): NodeTime {
  if (pool === 'existing') return { nodeMinutes: 0, dedicatedMinutes: 0 };
  return {
    nodeMinutes: Number(usage.nodeMinutes.toFixed(1)),
    dedicatedMinutes: Number(usage.dedicatedMinutes.toFixed(1)),
  };
}

/** Records are small; the bound protects the app's memory from a blob that someone else wrote. */
const MAX_RECORD_BYTES = 4 * 1024 ** 2;

export async function readRecord(files: Files, runId: string): Promise<RunRecord> {
  const record = await findRecord(files, runId);
  if (record === null) throw new Failure('unknownRun', `no run has the id ${runId}`);
  return record;
}

/** Null when the run has no record, or has it no more. */
export async function findRecord(files: Files, runId: string): Promise<RunRecord | null> {
  const text = await files.readText(RUNS_CONTAINER, recordBlob(runId), MAX_RECORD_BYTES);
  return text === null ? null : (JSON.parse(text) as RunRecord);
}
