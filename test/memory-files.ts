import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Failure } from '../src/failure';
import type { BlobFound, BlobListed, BlobPage, Files } from '../src/run/ports';
import type { FilePart, Part } from '../src/run/finish/reads';

interface Blob {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly writtenAt: string;
}

interface Container {
  readonly labels: Readonly<Record<string, string>>;
  readonly blobs: Map<string, Blob>;
}

/** A storage account in memory: conditions are kept, a write changes the ETag. */
export class MemoryFiles implements Files {
  readonly containers = new Map<string, Container>();
  #writes = 0;
  /** The moment at which blobs are written. */
  now = '2026-11-21T02:00:00.000Z';

  put(container: string, name: string, content: string): BlobFound {
    const target = this.containers.get(container) ?? { labels: {}, blobs: new Map<string, Blob>() };
    this.containers.set(container, target);
    this.#writes += 1;
    const etag = createHash('sha256').update(`${this.#writes}`).digest('hex').slice(0, 16);
    const bytes = Buffer.from(content);
    target.blobs.set(name, { bytes, etag, writtenAt: this.now });
    return { name, bytes: bytes.length, etag };
  }

  text(container: string, name: string): string | undefined {
    return this.containers.get(container)?.blobs.get(name)?.bytes.toString('utf8');
  }

  async makeContainer(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const there = this.containers.get(name);
    if (there === undefined) this.containers.set(name, { labels, blobs: new Map() });
    else if (Object.entries(labels).some(([key, value]) => there.labels[key] !== value)) {
      throw new Failure('nameCollision', `container ${name} is somebody else's`);
    }
  }

  async removeContainer(
    name: string,
    labels: Readonly<Record<string, string>>,
  ): Promise<'deleted' | 'notOwned'> {
    const there = this.containers.get(name)?.labels ?? labels;
    if (Object.entries(labels).some(([key, value]) => there[key] !== value)) return 'notOwned';
    this.containers.delete(name);
    return 'deleted';
  }

  async listContainers(prefix: string) {
    return [...this.containers]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, { labels }]) => ({ name, labels }));
  }

  async *list(container: string, prefix = ''): AsyncIterable<BlobListed> {
    const blobs = this.containers.get(container)?.blobs ?? new Map<string, Blob>();
    for (const [name, { bytes, etag, writtenAt }] of [...blobs].sort(([a], [b]) =>
      a < b ? -1 : 1,
    )) {
      if (name.startsWith(prefix)) yield { name, bytes: bytes.length, etag, writtenAt };
    }
  }

  /** Blobs of a page. */
  pageBlobs = 5000;

  /** The cursor is the name of the last blob of the page before. */
  async page(container: string, cursor: string | null): Promise<BlobPage> {
    const blobs: BlobListed[] = [];
    for await (const blob of this.list(container)) {
      if (cursor !== null && blob.name <= cursor) continue;
      if (blobs.length === this.pageBlobs) return { blobs, next: blobs.at(-1)?.name ?? null };
      blobs.push(blob);
    }
    return { blobs, next: null };
  }

  async find(container: string, name: string): Promise<BlobFound | null> {
    checkName(name);
    const blob = this.containers.get(container)?.blobs.get(name);
    return blob === undefined ? null : { name, bytes: blob.bytes.length, etag: blob.etag };
  }

  async readText(container: string, name: string, maxBytes: number): Promise<string | null> {
    const text = this.text(container, name);
    if (text !== undefined && Buffer.byteLength(text) > maxBytes) {
      throw new Failure(
        'inputRefused',
        `blob ${container}/${name} has more than ${maxBytes} bytes`,
      );
    }
    return text ?? null;
  }

  async readChunks(container: string, name: string, maxBytes: number) {
    const text = await this.readText(container, name, maxBytes);
    if (text === null) return null;
    const bytes = Buffer.from(text);
    return (async function* chunks() {
      for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
    })();
  }

  async readPart(container: string, name: string, part: Part): Promise<FilePart | null> {
    return partOf(this.text(container, name), part);
  }

  async writeText(container: string, name: string, text: string): Promise<void> {
    this.#requireContainer(container);
    this.put(container, name, text);
  }

  async claim(container: string, name: string, text: string): Promise<boolean> {
    if (this.#requireContainer(container).blobs.has(name)) return false;
    this.put(container, name, text);
    return true;
  }

  async remove(container: string, name: string, etag?: string): Promise<void> {
    const blobs = this.containers.get(container)?.blobs;
    if (etag === undefined || blobs?.get(name)?.etag === etag) blobs?.delete(name);
  }

  locate(url: string) {
    const [, container, name] = /^memory:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
    return container === undefined || name === undefined ? null : { container, name };
  }

  async copy(
    from: { readonly container: string; readonly name: string; readonly etag: string },
    to: { readonly container: string; readonly name: string },
  ): Promise<void> {
    checkName(from.name);
    const blob = this.containers.get(from.container)?.blobs.get(from.name);
    if (blob === undefined || blob.etag !== from.etag) {
      throw new Failure('inputGone', `blob ${from.name} was deleted or overwritten`);
    }
    this.#requireContainer(to.container);
    this.put(to.container, to.name, blob.bytes.toString('utf8'));
  }

  async upload(container: string, name: string, file: string): Promise<void> {
    this.#requireContainer(container);
    this.put(container, name, await readFile(file, 'utf8'));
  }

  async readUrl(container: string, name: string | null, minutes: number): Promise<string> {
    return `memory://${container}/${name ?? ''}?read-for=${minutes}`;
  }

  async mountAccess(container: string, access: 'read' | 'write', minutes: number) {
    return { account: 'memory', sas: `${access}-${container}-for=${minutes}` };
  }

  async writeUrl(container: string, minutes: number): Promise<string> {
    return `memory://${container}?write-for=${minutes}`;
  }

  #requireContainer(container: string): Container {
    const found = this.containers.get(container);
    if (found === undefined) throw new Error(`container ${container} does not exist`);
    return found;
  }
}

/** The real client cannot address such a name either, although a list may show it. */
function checkName(name: string): void {
  if (!name.split('/').includes('..')) return;
  throw new Failure(
    'inputRefused',
    `blob ${JSON.stringify(name)} has a name no client can address`,
  );
}

/** A part of a text as a service returns it; null without the text. */
export function partOf(text: string | undefined, { offset, maxBytes }: Part): FilePart | null {
  if (text === undefined) return null;
  const all = Buffer.from(text);
  const first = offset < 0 ? Math.max(0, all.length + offset) : Math.min(offset, all.length);
  return { bytes: all.subarray(first, first + maxBytes), offset: first, length: all.length };
}
