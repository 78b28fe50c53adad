import path from 'node:path';
import { installTaskPackages } from '../execution/packages';
import { nodeFolders, taskDirectory } from '../execution/directories';
import { taskEnvironment } from '../execution/environment';
import { execute } from '../execution/execute';
import { StepFailed, failureOf } from '../execution/failures';
import { refreshMounts } from '../nodes/mounts';
import { prepareNode } from '../jobs/preparation';
import { scriptedResult } from '../execution/scripted';
import { type Account, type Node, taskRow, type Attempt } from '../state/account';
import { durationMs } from '../wire/time';
import { attemptEnded, preparationDone, returnTask } from './lifecycle';
import type { ExecutionResult, Execution } from '../execution/execution';

/** Runs an attempt of a task on its node, from the preparation to the last upload. */
export async function runAttempt(account: Account, attempt: Attempt): Promise<void> {
  try {
    if (!(await isNodePrepared(account, attempt))) return;
    const ending = (await scriptedResult(account, attempt)) ?? (await executed(account, attempt));
    account.runExclusive(() => attemptEnded(account, attempt, ending));
  } catch (error) {
    const failure =
      error instanceof StepFailed
        ? error.failure
        : failureOf('Unknown', [{ name: 'Message', value: String(error) }]);
    const ending = { kind: 'failed', step: 'preProcessing', failure } as const;
    account.runExclusive(() => attemptEnded(account, attempt, ending));
  } finally {
    account.runExclusive(() => release(account, attempt));
  }
}

async function executed(account: Account, attempt: Attempt): Promise<ExecutionResult> {
  await refreshMounts(attempt.node);
  const ending = await execute(await workOf(account, attempt), attempt.abort.signal);
  if (ending.kind !== 'aborted') await refreshMounts(attempt.node);
  return ending;
}

async function isNodePrepared(account: Account, attempt: Attempt): Promise<boolean> {
  const { job, task, node } = attempt;
  if (task.state !== 'preparing') return true;
  const isDone = await prepareNode(account, job, node);
  if (attempt.isOver) return false;
  account.runExclusive(() =>
    isDone ? preparationDone(account, attempt) : returnTask(account, job, task),
  );
  return isDone;
}

/** Frees the slots. Their processes have exited by now. */
function release(account: Account, attempt: Attempt): void {
  const { job, task, node } = attempt;
  const row = taskRow(job.key, task.spec.id);
  if (node.attempts.get(row) === attempt) node.attempts.delete(row);
  const key = task.spec.id.toLowerCase();
  if (job.attempts.get(key) === attempt) job.attempts.delete(key);
  attempt.release();
  account.reviewNode(node);
  account.reviewJob(job);
  account.wantDispatch(node.pool);
}

async function workOf(account: Account, attempt: Attempt): Promise<Execution> {
  const { job, task, node } = attempt;
  const { spec } = task;
  const folders = nodeFolders(account, node);
  const folder = path.join(folders.root, taskDirectory(job, spec.id));
  const purpose = { kind: 'task', job, taskId: spec.id, folder } as const;
  checkContainer(spec.containerSettings !== undefined, node);
  const packages = await installTaskPackages(
    account,
    node,
    spec.applicationPackageReferences ?? [],
  );
  const environment = taskEnvironment(
    account,
    node,
    purpose,
    packages,
    job.record.spec.commonEnvironmentSettings,
    spec.environmentSettings,
  );
  const limitMs = durationMs(task.constraints?.maxWallClockTime ?? '');
  return {
    nodeId: node.record.id,
    folder,
    processesFolder: folders.processes,
    commandLine: spec.commandLine,
    environment,
    resourceFiles: spec.resourceFiles ?? [],
    outputFiles: spec.outputFiles ?? [],
    container: spec.containerSettings,
    autoStorageContainer: account.options.autoStorageContainer,
    startTimer: (end) => wallClock(account, attempt, limitMs, end),
  };
}

/** A pool with a container configuration runs containers only; no other pool runs containers. */
function checkContainer(hasSettings: boolean, node: Node): void {
  const machine = node.pool.record.spec.virtualMachineConfiguration;
  if (hasSettings === (machine?.containerConfiguration !== undefined)) return;
  const message = hasSettings
    ? 'Task container settings require a container-enabled compute node'
    : 'Container-enabled compute node requires task container settings';
  throw new StepFailed(failureOf('TaskSchedulingConstraintFailed', [], message));
}

/** `maxWallClockTime` counts from the start of each attempt. */
function wallClock(
  account: Account,
  { job, task, node }: Attempt,
  limitMs: number,
  end: () => void,
): () => void {
  if (!Number.isFinite(limitMs) || task.startedAt === undefined) return () => {};
  const key = `wall-clock ${node.record.id} ${taskRow(job.key, task.spec.id)}`;
  account.wakeAt(key, task.startedAt + limitMs, end);
  return () => account.agenda.clear(key);
}
