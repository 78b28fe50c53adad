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
type TaskFileCall = Call<undefined, 'jobId' | 'taskId' | 'filePath'>;
type NodeCall = Call<undefined, 'poolId' | 'nodeId'>;
type NodeFileCall = Call<undefined, 'poolId' | 'nodeId' | 'filePath'>;

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

/** GET /jobs/{jobId}/tasks/{taskId}/files */
export async function listTaskFiles(account: Account, call: TaskCall): Promise<Reply> {
  return listFiles(call, taskTree(account, call)).catch(noFolder);
}

/** A task without a directory yet has no files. */
function noFolder(error: unknown): never {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    throw new Refusal('OperationInvalidForCurrentState');
  }
  throw error;
}

/** GET /jobs/{jobId}/tasks/{taskId}/files/{filePath} */
export async function getTaskFile(account: Account, call: TaskFileCall): Promise<Reply> {
  return readFile(call, taskTree(account, call), call.params.filePath);
}

/** HEAD /jobs/{jobId}/tasks/{taskId}/files/{filePath} */
export async function headTaskFile(account: Account, call: TaskFileCall): Promise<Reply> {
  return fileProperties(call, taskTree(account, call), call.params.filePath);
}

/** DELETE /jobs/{jobId}/tasks/{taskId}/files/{filePath} */
export async function deleteTaskFile(account: Account, call: TaskFileCall): Promise<Reply> {
  return deleteFile(call, taskTree(account, call), call.params.filePath);
}

/** GET /pools/{poolId}/nodes/{nodeId}/files */
export async function listNodeFiles(account: Account, call: NodeCall): Promise<Reply> {
  return listFiles(call, nodeTree(account, call)).catch(noFolder);
}

/** GET /pools/{poolId}/nodes/{nodeId}/files/{filePath} */
export async function getNodeFile(account: Account, call: NodeFileCall): Promise<Reply> {
  return readFile(call, nodeTree(account, call), call.params.filePath);
}

/** HEAD /pools/{poolId}/nodes/{nodeId}/files/{filePath} */
export async function headNodeFile(account: Account, call: NodeFileCall): Promise<Reply> {
  return fileProperties(call, nodeTree(account, call), call.params.filePath);
}

/** DELETE /pools/{poolId}/nodes/{nodeId}/files/{filePath} */
export async function deleteNodeFile(account: Account, call: NodeFileCall): Promise<Reply> {
  return deleteFile(call, nodeTree(account, call), call.params.filePath);
}
