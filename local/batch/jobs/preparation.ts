import path from 'node:path';
import { jobDirectory, nodeFolders } from '../execution/directories';
import { runSpecial } from '../execution/special';
import type { Account, Job, Node } from '../state/account';
import type { PreparationRecord, ExecutionInfo } from '../state/records';
import { durationMs } from '../wire/time';

/** The default ids of the two tasks. */
export const PREPARATION_ID = 'jobpreparation';
export const RELEASE_ID = 'jobrelease';

/** Maximum and default time of a release task. */
const RELEASE_LIMIT_MS = 900_000;

/**
 * Runs the job preparation task on a node, once for all tasks that wait for it there. Returns
 * whether the tasks of the job may run on the node.
 */
export function prepareNode(account: Account, job: Job, node: Node): Promise<boolean> {
  const running = job.preparing.get(node.record.id);
  if (running !== undefined) return running;
  const preparation = runPreparation(account, job, node).finally(() => {
    job.preparing.delete(node.record.id);
  });
  job.preparing.set(node.record.id, preparation);
  return preparation;
}

async function runPreparation(account: Account, job: Job, node: Node): Promise<boolean> {
  const { spec } = job.record;
  const task = spec.jobPreparationTask;
  if (task === undefined) return true;
  const taskId = task.id ?? PREPARATION_ID;
  const folder = path.join(nodeFolders(account, node).root, jobDirectory(job), taskId);
  const info = await runSpecial(
    account,
    node,
    {
      purpose: { kind: 'preparation', job, taskId, folder },
      commandLine: task.commandLine,
      resourceFiles: task.resourceFiles,
      container: task.containerSettings,
      packages: [],
      settings: [spec.commonEnvironmentSettings, task.environmentSettings],
      maxRetries: task.constraints?.maxTaskRetryCount ?? 0,
      limitMs: durationMs(task.constraints?.maxWallClockTime ?? ''),
    },
    (preparation) => savePreparation(account, job, node, preparation),
  );
  return info?.result === 'success' || (info !== undefined && task.waitForSuccess === false);
}

function savePreparation(account: Account, job: Job, node: Node, preparation: ExecutionInfo): void {
  const record: PreparationRecord = {
    poolId: node.pool.record.spec.id,
    nodeId: node.record.id,
    preparation,
    bootedAt: node.record.bootedAt ?? 0,
  };
  job.preparations.set(node.record.id, record);
  account.savePreparation(job, record);
}

/** A node whose preparation failed gets no more tasks of the job until it is reimaged. */
export function isBarred(job: Job, node: Node): boolean {
  const task = job.record.spec.jobPreparationTask;
  if (task === undefined || task.waitForSuccess === false) return false;
  return job.preparations.get(node.record.id)?.preparation.result === 'failure';
}

/**
 * Starts the remaining release tasks: one on each prepared node that still exists. Returns whether
 * all are complete.
 */
export function releaseNodes(account: Account, job: Job): boolean {
  const task = job.record.spec.jobReleaseTask;
  if (task === undefined) return true;
  let isDone = job.preparing.size === 0;
  for (const record of job.preparations.values()) {
    const node = job.pool?.nodes.get(record.nodeId);
    const isPrepared = record.preparation.state === 'completed';
    if (node === undefined || !isPrepared || record.release?.state === 'completed') continue;
    if (!['idle', 'running'].includes(node.record.state)) continue;
    isDone = false;
    if (!job.preparing.has(record.nodeId)) startRelease(account, job, node, record);
  }
  return isDone;
}

function startRelease(account: Account, job: Job, node: Node, record: PreparationRecord): void {
  const release = runRelease(account, job, node, record)
    .then(() => true)
    .finally(() => {
      job.preparing.delete(record.nodeId);
      account.runExclusive(() => account.reviewJob(job));
    });
  job.preparing.set(record.nodeId, release);
  account.trackBackground(release, `release task of job ${job.key}`);
}

async function runRelease(
  account: Account,
  job: Job,
  node: Node,
  record: PreparationRecord,
): Promise<void> {
  const { spec } = job.record;
  const task = spec.jobReleaseTask;
  if (task === undefined) return;
  const taskId = task.id ?? RELEASE_ID;
  const folder = path.join(nodeFolders(account, node).root, jobDirectory(job), taskId);
  await runSpecial(
    account,
    node,
    {
      purpose: { kind: 'release', job, taskId, folder },
      commandLine: task.commandLine,
      resourceFiles: task.resourceFiles,
      container: task.containerSettings,
      packages: [],
      settings: [spec.commonEnvironmentSettings, task.environmentSettings],
      maxRetries: 0,
      limitMs:
        task.maxWallClockTime === undefined ? RELEASE_LIMIT_MS : durationMs(task.maxWallClockTime),
    },
    (release) => {
      record.release = release;
      account.savePreparation(job, record);
    },
  );
}
