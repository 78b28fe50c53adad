import path from 'node:path';
import { nodeOf } from '../nodes/operations';
import { nodeUrl } from '../nodes/view';
import { nodeFolders, taskDirectory } from '../execution/directories';
import { type Account, type Node, keyOf } from '../state/account';
import type { NodeState } from '../state/records';
import { taskOf } from '../tasks/operations';
import { taskUrl } from '../tasks/view';
import type { Call, Reply } from '../wire/call';
import { Refusal, type RefusalCode } from '../wire/refusals';
import { type FileTree, deleteFile, fileProperties, listFiles, readFile } from './tree';

type TaskCall = Call<undefined, 'jobId' | 'taskId'>;
type NodeCall = Call<undefined, 'poolId' | 'nodeId'>;

/** Conditional headers of these calls apply to the file, not to its task. */
function withoutConditions<C extends TaskCall>(call: C): C {
  return { ...call, headers: {} };
}

function taskTree(account: Account, call: TaskCall): FileTree {
  const { job, task } = taskOf(account, withoutConditions(call));
  if (task.filesCleaned === true) throw new Refusal('TaskFilesCleanedup');
  if (task.node === undefined) throw new Refusal('OperationInvalidForCurrentState');
  const { poolId, nodeId } = task.node;
  const node = account.pools.get(keyOf(poolId))?.nodes.get(nodeId);
  if (node === undefined || node.record.state === 'preempted') {
    throw new Refusal('TaskFilesUnavailable');
  }
  const root = path.join(nodeFolders(account, node).root, taskDirectory(job, task.spec.id));
  return { root, url: taskUrl(call.base, job, task.spec.id) };
}

/** Node states in which the node's files are unavailable, with the service's code. */
const unreachable: Partial<Record<NodeState, RefusalCode>> = {
  creating: 'NodeBeingCreated',
  starting: 'NodeBeingStarted',
  rebooting: 'NodeBeingRebooted',
  reimaging: 'NodeBeingReimaged',
  preempted: 'OperationInvalidForCurrentState',
  unknown: 'NodeStateUnusable',
};

function nodeTree(account: Account, call: NodeCall): FileTree {
  const node: Node = nodeOf(account, { ...call, headers: {} });
  const code = unreachable[node.record.state];
  if (code !== undefined) throw new Refusal(code);
  const url = nodeUrl(call.base, node.pool.record.spec.id, node.record.id);
  return { root: nodeFolders(account, node).root, url };
}

type FileCall<C> = C & { readonly params: { readonly filePath: string } };

/** The four file operations on the trees of tasks or of nodes. */
function fileOperations<C extends Call<undefined, string>>(
  treeOf: (account: Account, call: C) => FileTree,
) {
  return {
    /** GET …/files */
    list: async (account: Account, call: C): Promise<Reply> =>
      listFiles(call, treeOf(account, call)).catch(noFolder),
    /** GET …/files/{filePath} */
    get: async (account: Account, call: FileCall<C>): Promise<Reply> =>
      readFile(call, treeOf(account, call), call.params.filePath),
    /** HEAD …/files/{filePath} */
    head: async (account: Account, call: FileCall<C>): Promise<Reply> =>
      fileProperties(call, treeOf(account, call), call.params.filePath),
    /** DELETE …/files/{filePath} */
    delete: async (account: Account, call: FileCall<C>): Promise<Reply> =>
      deleteFile(call, treeOf(account, call), call.params.filePath),
  };
}

/** A task without a directory yet has no files. */
function noFolder(error: unknown): never {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    throw new Refusal('OperationInvalidForCurrentState');
  }
  throw error;
}

/** Operations below /jobs/{jobId}/tasks/{taskId} */
export const taskFiles = fileOperations(taskTree);

/** Operations below /pools/{poolId}/nodes/{nodeId} */
export const nodeFiles = fileOperations(nodeTree);
