import { ContainerClient } from '@azure/storage-blob';
import { randomUUID } from 'node:crypto';
import type { LogUpload, NewUser, UserUpdate } from '../bodies/node';
import type { Account, Node } from '../state/account';
import type { NodeUser } from '../state/records';
import type { Call, Reply } from '../wire/call';
import { Refusal } from '../wire/refusals';
import { upNodeOf } from './actions';
import { type NodeCall, nodeOf } from './operations';
import { nodeUrl, nodeView } from './view';

type UserCall<Body = undefined> = Call<Body, 'poolId' | 'nodeId' | 'userName'>;

const DAY_MS = 86_400_000;

/**
 * POST /pools/{poolId}/nodes/{nodeId}/users
 *
 * Unlike Azure: users are kept by name only. Nobody can log in to a node that is a directory.
 */
export function addUser(account: Account, call: NodeCall<NewUser>): Reply {
  const node = upNodeOf(account, call);
  const { name, isAdmin, expiryTime } = call.body;
  if (find(node, name) !== undefined) throw new Refusal('NodeUserExists');
  const expiresAt = expiryTime === undefined ? account.now() + DAY_MS : Date.parse(expiryTime);
  keep(account, node, [...node.record.users, { name, isAdmin: isAdmin ?? false, expiresAt }]);
  const url = nodeUrl(call.base, node.pool.record.spec.id, node.record.id);
  return { status: 201, location: `${url}/users/${name}` };
}

function find(node: Node, name: string): NodeUser | undefined {
  return node.record.users.find((user) => user.name.toLowerCase() === name.toLowerCase());
}

function keep(account: Account, node: Node, users: readonly NodeUser[]): void {
  node.record.users = users;
  account.saveNode(node);
}

function userOf(node: Node, call: Call<unknown, 'userName'>): NodeUser {
  const user = find(node, call.params.userName);
  if (user === undefined) throw new Refusal('NodeUserNotFound');
  return user;
}

/** PUT /pools/{poolId}/nodes/{nodeId}/users/{userName} */
export function updateUser(account: Account, call: UserCall<UserUpdate>): Reply {
  const node = upNodeOf(account, call);
  const user = userOf(node, call);
  const { expiryTime } = call.body;
  const expiresAt = expiryTime === undefined ? account.now() + DAY_MS : Date.parse(expiryTime);
  const others = node.record.users.filter((other) => other !== user);
  keep(account, node, [...others, { ...user, expiresAt }]);
  return { status: 200 };
}

/** DELETE /pools/{poolId}/nodes/{nodeId}/users/{userName} */
export function deleteUser(account: Account, call: UserCall): Reply {
  const node = upNodeOf(account, call);
  const user = userOf(node, call);
  const others = node.record.users.filter((other) => other !== user);
  keep(account, node, others);
  return { status: 200 };
}

/**
 * GET /pools/{poolId}/nodes/{nodeId}/remoteloginsettings
 *
 * Unlike Azure: the address is this machine, and the stand-in does not listen there.
 */
export function remoteLogin(account: Account, call: NodeCall): Reply {
  upNodeOf(account, call);
  const body = { remoteLoginIPAddress: '127.0.0.1', remoteLoginPort: 22 };
  return { status: 200, metadata: 'remoteloginsettings/@Element', body };
}

/** GET /pools/{poolId}/nodes/{nodeId}/extensions; nodes here have no extensions. */
export function listExtensions(account: Account, call: NodeCall): Reply {
  nodeOf(account, call);
  return { status: 200, metadata: 'extensions', body: { value: [] } };
}

/**
 * POST /pools/{poolId}/nodes/{nodeId}/uploadbatchservicelogs
 *
 * Unlike Azure: there is one log, with the service's own data of the node.
 */
export function uploadLogs(account: Account, call: NodeCall<LogUpload>): Reply {
  const node = nodeOf(account, call);
  const virtualDirectoryName = [node.pool.record.spec.id, randomUUID(), node.record.id].join('/');
  const container = new ContainerClient(call.body.containerUrl);
  const log = Buffer.from(`${JSON.stringify(nodeView(account, node, call.base), null, 2)}\n`);
  const blob = container.getBlockBlobClient(`${virtualDirectoryName}/agent-debug.log`);
  account.trackBackground(blob.uploadData(log), `logs of node ${node.record.id}`);
  return {
    status: 200,
    metadata: 'uploadbatchservicelogsresult/@Element',
    body: { virtualDirectoryName, numberOfFilesUploaded: 1 },
  };
}
