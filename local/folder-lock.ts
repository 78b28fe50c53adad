import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { UserError } from './error-line';

/**
 * Locks a folder for one process, which keeps its state there alone. The lock is a socket that the
 * process listens on, so that it is released when the process ends, also when it is killed. Returns
 * a function that releases it. `program` names the kind of the process, for the message of the
 * other one.
 */
export async function lockFolder(folder: string, program: string): Promise<() => Promise<void>> {
  fs.mkdirSync(folder, { recursive: true });
  const server = net.createServer((socket) => socket.destroy());
  for (const address of addressesFor(folder)) {
    const result = await tryListen(server, address);
    if (result === 'inUse')
      throw new UserError(
        `Another ${program} runs on ${folder}; stop it, or give this one another folder.`,
      );
    if (result === 'impossible') continue;
    server.unref();
    return () => new Promise((resolve) => server.close(() => resolve()));
  }
  throw new UserError(`The folder ${folder} cannot be locked.`);
}

/** Longest name of a socket, on the systems with the tightest limit. */
const MAX_NAME_BYTES = 100;

/**
 * In the folder itself, where also a container that mounts it finds the socket. A folder with a long
 * name, or on a file system without sockets, is locked by a name in the folder of temporary files.
 */
function addressesFor(folder: string): readonly string[] {
  const absolute = path.resolve(folder);
  const hash = createHash('sha256').update(absolute).digest('hex').slice(0, 16);
  if (process.platform === 'win32') return [`\\\\.\\pipe\\folder-lock-${hash}`];
  const within = path.join(absolute, '.lock');
  const outside = path.join(os.tmpdir(), `folder-lock-${hash}.sock`);
  return Buffer.byteLength(within) <= MAX_NAME_BYTES ? [within, outside] : [outside];
}

async function tryListen(
  server: net.Server,
  address: string,
): Promise<'locked' | 'inUse' | 'impossible'> {
  if (await canListen(server, address)) return 'locked';
  if (await isAnswered(address)) return 'inUse';
  // A process that was killed leaves the socket's name behind.
  fs.rmSync(address, { force: true });
  return (await canListen(server, address)) ? 'locked' : 'impossible';
}

function canListen(server: net.Server, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const failed = () => resolve(false);
    server.once('error', failed);
    server.listen(address, () => {
      server.off('error', failed);
      resolve(true);
    });
  });
}

function isAnswered(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
