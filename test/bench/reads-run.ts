import type { App } from '../../src/app';
import { eachAtOnce } from '../../src/concurrency';
import { writeRecordOnce } from '../../src/run/finish/record';
import type { NodeView, TaskView } from '../../src/run/finish/reads';
import { keepTasks } from '../../src/run/finish/task-list';
import { outputContainerOf } from '../../src/run/names';
import { planOf } from '../run/given';
import { addResources } from '../api/resources';
import { MemoryBatch } from '../fakes';
import { NOW } from '../ledger/given';

/** A run that has ended, with its list of tasks and its outputs, and one that is active. */

const OUTPUTS = 1000;
const NODES = 100;

/** Writes the list of tasks, the record and the outputs of a run that has ended. */
export async function fillEndedRun(app: App, runId: string, count: number): Promise<void> {
  const { files, workloads } = app;
  const workload = workloads.get('report');
  if (workload === undefined) throw new Error('no workload is called report');
  const batch = new MemoryBatch();
  await runTasks(batch, runId, count);
  const plan = { ...planOf(workload), runId, jobId: runId };
  await keepTasks({ batch, files, workloads }, plan);
  await writeRecord(app, runId, count);
  const container = outputContainerOf(runId);
  await files.makeContainer(container, {});
  const names = Array.from({ length: OUTPUTS }, (_, index) => `results/part-${index}.csv`);
  await eachAtOnce(names, 16, (name) => files.writeText(container, name, 'a result'));
}

async function writeRecord({ files }: App, runId: string, count: number): Promise<void> {
  await writeRecordOnce(files, {
    runId,
    workload: 'report',
    occurrence: { kind: 'schedule', due: NOW },
    outcome: { kind: 'succeeded' },
    startedAt: NOW,
    endedAt: NOW,
    timeline: [{ phase: 'watching', at: NOW }],
    tasks: { active: 0, running: 0, succeeded: count - count / 100, failed: count / 100 },
    missingTasks: count / 100,
    nodeMinutes: 40,
    dedicatedMinutes: 0,
    preemptions: 0,
    estimatedCost: 0.0067,
    results: Array.from({ length: OUTPUTS }, (_, index) => ({
      name: `results/part-${index}.csv`,
      bytes: 8,
    })),
    logs: [],
    outputContainer: outputContainerOf(runId),
    outputsKeptUntil: null,
    logsKeptUntil: null,
    cleanedUp: [],
    warnings: [],
    followers: [],
  });
}

/** Gives a run a pool with nodes, and a job with tasks, every hundredth of which failed. */
export async function runTasks(batch: MemoryBatch, runId: string, count: number): Promise<void> {
  await addResources({ batch }, runId, 'report');
  batch.tasks = Array.from({ length: count }, (_, index) => taskAt(index));
  batch.nodes = Array.from({ length: NODES }, (_, index) => nodeAt(index));
}

function taskAt(index: number): TaskView {
  const isFailed = index % 100 === 7;
  return {
    id: `t${index}`,
    state: isFailed ? 'failed' : 'succeeded',
    node: `tvmps_${index % NODES}`,
    exitCode: isFailed ? 3 : 0,
    startedAt: NOW,
    endedAt: NOW,
    retries: 0,
    requeues: 0,
    input: `inputs/part-${index}.csv`,
    cause: isFailed ? 'FailureExitCode' : null,
  };
}

function nodeAt(index: number): NodeView {
  return {
    id: `tvmps_${index}`,
    state: 'running',
    isSpot: true,
    since: NOW,
    allocatedAt: NOW,
    runningTasks: 1,
    startTask: { exitCode: 0, startedAt: NOW, endedAt: NOW, retries: 0 },
    errors: [],
  };
}
