import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import fsp from 'node:fs/promises';
import path from 'node:path';
import type { Mount } from '../bodies/pool';
import { StepFailed, failureOf } from '../execution/failures';

export type BlobMount = NonNullable<Mount['azureBlobFileSystemConfiguration']>;

/**
 * A container mounted on a node.
 *
 * Unlike Azure: there is no file system underneath. The folder is filled from the container when
 * the node comes up and before each task, and changes of tasks are uploaded when they end. Two
 * nodes see each other's files only then, and the last to write a file wins.
 */
export class MountedContainer {
  readonly #client: ContainerClient;
  readonly #folder: string;
  readonly #isReadOnly: boolean;
  /** Permissions of every file and folder; undefined for those that the user of the task has. */
  readonly #mode: number | undefined;
  /** The last synchronised version of each file: the blob's ETag, and the file's size and time. */
  readonly #known = new Map<string, Known>();
  #last: Promise<void> = Promise.resolve();

  constructor(mount: BlobMount, folder: string, endpoint: (accountName: string) => string) {
    this.#client = clientOf(mount, endpoint(mount.accountName));
    this.#folder = folder;
    this.#isReadOnly = / -o ro\b|--read-only/.test(` ${mount.blobfuseOptions ?? ''}`);
    this.#mode = modeOf(mount.blobfuseOptions ?? '');
  }

  /** Downloads the changes of the container. */
  pull(): Promise<void> {
    return this.#runInOrder(() => this.#pull());
  }

  /** Uploads the changes of the folder. */
  push(): Promise<void> {
    return this.#isReadOnly ? Promise.resolve() : this.#runInOrder(() => this.#push());
  }

  /** Runs one synchronisation after the other: tasks of a node start and end at any time. */
  #runInOrder(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #pull(): Promise<void> {
    await this.#makeFolder(this.#folder);
    const there = new Set<string>();
    for await (const { name, properties } of this.#client.listBlobsFlat()) {
      there.add(name);
      const eTag = properties.etag;
      if (this.#known.get(name)?.eTag === eTag) continue;
      const target = this.#target(name);
      if (target === undefined) continue;
      await this.#makeFolder(path.dirname(target));
      await this.#client.getBlobClient(name).downloadToFile(target);
      if (this.#mode !== undefined) await fsp.chmod(target, this.#mode);
      this.#known.set(name, { eTag, ...(await fileState(target)) });
    }
    for (const name of this.#known.keys()) {
      if (there.has(name)) continue;
      this.#known.delete(name);
      await fsp.rm(path.join(this.#folder, name), { force: true });
    }
  }

  async #push(): Promise<void> {
    const here = new Set<string>();
    for (const name of await filesBelow(this.#folder, '')) {
      here.add(name);
      const file = path.join(this.#folder, name);
      const state = await fileState(file);
      const known = this.#known.get(name);
      if (known?.bytes === state.bytes && known.changedMs === state.changedMs) continue;
      const { etag } = await this.#client.getBlockBlobClient(name).uploadFile(file);
      this.#known.set(name, { eTag: etag ?? '', ...state });
    }
    for (const name of this.#known.keys()) {
      if (here.has(name)) continue;
      this.#known.delete(name);
      await this.#client.deleteBlob(name).catch(ignoreMissing);
    }
  }

  async #makeFolder(folder: string): Promise<void> {
    await fsp.mkdir(folder, { recursive: true });
    if (this.#mode === undefined) return;
    const below = path.relative(this.#folder, folder).split(path.sep);
    for (const [index] of below.entries())
      await fsp.chmod(path.join(this.#folder, ...below.slice(0, index + 1)), this.#mode);
  }

  /** The name of a blob may leave the folder or start with a slash; such a blob is not shown. */
  #target(name: string): string | undefined {
    const target = path.resolve(this.#folder, `./${name}`);
    return target.startsWith(this.#folder + path.sep) ? target : undefined;
  }
}

interface Known {
  readonly eTag: string;
  readonly bytes: number;
  readonly changedMs: number;
}

function clientOf(mount: BlobMount, endpoint: string): ContainerClient {
  const url = `${endpoint}/${mount.containerName}`;
  if (mount.sasKey !== undefined) {
    return new ContainerClient(`${url}?${mount.sasKey.replace(/^\?/, '')}`);
  }
  if (mount.accountKey !== undefined) {
    const credential = new StorageSharedKeyCredential(mount.accountName, mount.accountKey);
    return new ContainerClient(url, credential);
  }
  const details = [{ name: 'Message', value: 'A mount needs an accountKey or a sasKey here' }];
  throw new StepFailed(failureOf('MountConfigurationFailed', details));
}

/**
 * Returns the permissions that `-o allow_other -o umask=000` gives other users, such as that of a
 * container that does not run as root. Without `allow_other` only the mounting user has access.
 */
function modeOf(options: string): number | undefined {
  const umask = /-o umask=([0-7]{3,4})\b/.exec(options)?.[1];
  if (umask === undefined || !/-o allow_other\b/.test(options)) return undefined;
  return 0o777 & ~Number.parseInt(umask, 8);
}

async function fileState(file: string): Promise<Omit<Known, 'eTag'>> {
  const { size, mtimeMs } = await fsp.stat(file);
  return { bytes: size, changedMs: mtimeMs };
}

async function filesBelow(root: string, folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await fsp.readdir(path.join(root, folder), { withFileTypes: true })) {
    const name = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) names.push(...(await filesBelow(root, name)));
    else if (entry.isFile()) names.push(name);
  }
  return names;
}

function ignoreMissing(error: unknown): void {
  if ((error as { readonly statusCode?: number }).statusCode !== 404) throw error;
}
