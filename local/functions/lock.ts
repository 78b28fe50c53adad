import { createHash } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

/**
 * Locks a folder for one process. The lock is a socket that the process listens on, so that it is
 * released when the process ends, also when it is killed. Returns a function that releases it.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const address = socketFor(folder);
  const server = net.createServer((socket) => socket.destroy());
  try {
    await listening(server, address);
  } catch {
    if (await isAnswered(address))
      throw new Error(
        `Another Functions host runs on ${folder}; stop it, or give this host another folder.`,
      );
    // A process that was killed leaves the socket's name behind.
    fs.rmSync(address, { force: true });
    await listening(server, address);
  }
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

/** Not in the folder itself: the length of socket names is limited. */
function socketFor(folder: string): string {
  const hash = createHash('sha256').update(path.resolve(folder)).digest('hex').slice(0, 16);
  const name = `functions-host-${hash}`;
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\${name}`
    : path.join(os.tmpdir(), `${name}.sock`);
}

function listening(server: net.Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, resolve);
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
