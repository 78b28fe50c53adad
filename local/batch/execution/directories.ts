import fs from 'node:fs';
import fsp from 'node:fs/promises';
import path from 'node:path';
import type { Account, Job, Node } from '../state/account';

/**
 * The directories of a node: Batch's own layout in `root`, and beside it those that tasks do not
 * see.
 */
export interface NodeFolders {
  readonly root: string;
  readonly home: string;
  readonly processes: string;
  readonly all: string;
}

export function nodeFolders(account: Account, node: Node): NodeFolders {
  const all = path.join(account.options.nodesFolder, node.pool.key, node.record.id);
  return {
    all,
    root: path.join(all, 'tasks'),
    home: path.join(all, 'home'),
    processes: path.join(all, 'processes'),
  };
}

/**
 * The trash: directories of deleted disks, until their last file is deleted. No pool can have this
 * name.
 */
export function trashFolder(nodesFolder: string): string {
  return path.join(nodesFolder, '.gone');
}

/**
 * Moves everything of a node to the trash at once: its next machine may be up before the last file
 * is deleted. Returns the new path, or undefined when there was nothing.
 */
export function moveToTrash(account: Account, node: Node): string | undefined {
  const { all } = nodeFolders(account, node);
  if (!fs.existsSync(all)) return undefined;
  const gone = trashFolder(account.options.nodesFolder);
  const aside = path.join(gone, String(account.nextSeq()));
  fs.mkdirSync(gone, { recursive: true });
  fs.renameSync(all, aside);
  return aside;
}

/** Directories of Batch that every node has. */
const NODE_DIRECTORIES = [
  'applications',
  'fsmounts',
  'shared',
  'startup/wd',
  'volatile',
  'workitems',
];

export async function makeNodeFolders(folders: NodeFolders): Promise<void> {
  await fsp.mkdir(folders.home, { recursive: true });
  await fsp.mkdir(folders.processes, { recursive: true });
  for (const name of NODE_DIRECTORIES) {
    await fsp.mkdir(path.join(folders.root, name), { recursive: true });
  }
}

/** A task's directory below the node's root, as the service writes it in `taskRootDirectory`. */
export function taskDirectory(job: Job, taskId: string): string {
  return `${jobDirectory(job)}/${taskId}`;
}

/** `workitems/JOB/job-1`, or `workitems/SCHEDULE/job-n`. */
export function jobDirectory(job: Job): string {
  return `workitems/${job.record.scheduleId ?? job.record.spec.id}/${job.record.directory}`;
}

/**
 * Creates the directories and the empty output files of one execution, and deletes those of an
 * earlier attempt. Synchronous, because hundreds of tasks start in a second and these few calls
 * cost less than a change of thread.
 */
export function makeTaskFolders(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(path.join(folder, 'wd'), { recursive: true });
  fs.mkdirSync(path.join(folder, 'certs'));
  fs.writeFileSync(path.join(folder, 'stdout.txt'), '');
  fs.writeFileSync(path.join(folder, 'stderr.txt'), '');
}
