import path from 'node:path';
import type { Account, Job, Node } from '../state/account';
import type { NamedValue } from '../state/records';
import { jobDirectory, nodeFolders } from './directories';

/** The owner of a command line. */
export interface Purpose {
  readonly kind: 'start' | 'preparation' | 'release' | 'task';
  readonly job?: Job;
  readonly taskId?: string;
  /** The execution's own directory, absolute. */
  readonly folder: string;
}

type Settings = readonly { readonly name: string; readonly value?: string | undefined }[];

/**
 * The complete environment of the process; it inherits nothing. The user's settings are last: the
 * job's common settings, then the task's own.
 */
export function taskEnvironment(
  account: Account,
  node: Node,
  purpose: Purpose,
  packages: readonly NamedValue[],
  ...settings: readonly (Settings | undefined)[]
): Record<string, string> {
  const { options } = account;
  const { root, home } = nodeFolders(account, node);
  return {
    PATH: options.path,
    HOME: home,
    LANG: 'C',
    ...options.environment,
    AZ_BATCH_ACCOUNT_NAME: options.name,
    AZ_BATCH_ACCOUNT_URL: `${account.url}/`,
    AZ_BATCH_POOL_ID: node.pool.record.spec.id,
    AZ_BATCH_NODE_ID: node.record.id,
    AZ_BATCH_NODE_IS_DEDICATED: String(node.record.dedicated),
    AZ_BATCH_NODE_ROOT_DIR: root,
    AZ_BATCH_NODE_SHARED_DIR: path.join(root, 'shared'),
    AZ_BATCH_NODE_STARTUP_DIR: path.join(root, 'startup'),
    AZ_BATCH_NODE_STARTUP_WORKING_DIR: path.join(root, 'startup/wd'),
    AZ_BATCH_NODE_MOUNTS_DIR: path.join(root, 'fsmounts'),
    AZ_BATCH_TASK_DIR: purpose.folder,
    AZ_BATCH_TASK_WORKING_DIR: path.join(purpose.folder, 'wd'),
    AZ_BATCH_CERTIFICATES_DIR: path.join(purpose.folder, 'certs'),
    ...jobVariables(purpose, root),
    ...Object.fromEntries(packages.map(({ name, value }) => [name, value])),
    ...Object.fromEntries(
      settings.flatMap((some) => some ?? []).map(({ name, value }) => [name, value ?? '']),
    ),
  };
}

function jobVariables(purpose: Purpose, root: string): Record<string, string> {
  const { job, kind, taskId } = purpose;
  if (job === undefined || taskId === undefined) return {};
  const common = { AZ_BATCH_JOB_ID: job.record.spec.id, AZ_BATCH_TASK_ID: taskId };
  const preparation = job.record.spec.jobPreparationTask;
  if (preparation === undefined || kind === 'preparation') return common;
  const folder = path.join(root, jobDirectory(job), preparation.id ?? 'jobpreparation');
  return {
    ...common,
    AZ_BATCH_JOB_PREP_DIR: folder,
    AZ_BATCH_JOB_PREP_WORKING_DIR: path.join(folder, 'wd'),
  };
}
