import { Failure } from '../failure';
import type { BlobFound, BlobListed, BlobPage, Files } from '../run/ports';
import type { FilePart, Part } from '../run/finish/reads';
import { MINUTE, SECOND, type Agenda } from './clock';

interface Blob {
  readonly text: string;
  readonly etag: string;
  readonly writtenAt: number;
}

interface Container {
  readonly labels: Readonly<Record<string, string>>;
  readonly blobs: Map<string, Blob>;
}

/** In every URL that the model hands out, so that one that is kept or shown is found. */
export const SIGNATURE = 'sig=CANARYSIGNATURE';

/** A new container cannot have the name of a deleted one for this long. */
const CONTAINER_DELETION = 30 * SECOND;

/** Small, so that an inventory has pages. */
const PAGE = 2;

/** A storage account in memory: conditions hold, a write changes the ETag, URLs expire. */
export class FilesModel implements Files {
  readonly containers = new Map<string, Container>();
  /** Containers whose labels an app compared and left alone, or should have. */
  readonly removed: { readonly name: string; readonly at: number }[] = [];
  readonly #deletedAt = new Map<string, number>();
  #writes = 0;

  constructor(
    readonly app: string,
    readonly agenda: Agenda,
  ) {}

  put(container: string, name: string, text: string): BlobFound {
    const target = this.containers.get(container) ?? { labels: {}, blobs: new Map<string, Blob>() };
    this.containers.set(container, target);
    const etag = `0x${(++this.#writes).toString(16).padStart(8, '0')}`;
    target.blobs.set(name, { text, etag, writtenAt: this.agenda.now });
    return { name, bytes: text.length, etag };
  }

  text(container: string, name: string): string | undefined {
    return this.containers.get(container)?.blobs.get(name)?.text;
  }

  async makeContainer(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    const found = this.containers.get(name);
    if (found === undefined) {
      if (this.agenda.now < (this.#deletedAt.get(name) ?? -Infinity) + CONTAINER_DELETION) {
        throw new Failure('serviceUnavailable', `container ${name} is being deleted`);
      }
      this.containers.set(name, { labels, blobs: new Map() });
    } else if (!carries(found, labels)) {
      throw new Failure('nameCollision', `a container named ${name} exists already`);
    }
  }

  async removeContainer(name: string, labels: Readonly<Record<string, string>>) {
    const found = this.containers.get(name);
    if (found === undefined) return 'deleted';
    if (!carries(found, labels)) return 'notOwned';
    this.drop(name);
    return 'deleted';
  }

  /** Removes a container without a check of its owner. */
  drop(name: string): void {
    this.containers.delete(name);
    this.#deletedAt.set(name, this.agenda.now);
    this.removed.push({ name, at: this.agenda.now });
  }

  /** Removes a container as if it had never been there. */
  forget(name: string): void {
    this.containers.delete(name);
    this.#deletedAt.delete(name);
    const index = this.removed.findIndex((one) => one.name === name);
    if (index >= 0) this.removed.splice(index, 1);
  }

  async listContainers(prefix: string) {
    const found: { name: string; labels: Readonly<Record<string, string>> }[] = [];
    for (const [name, { labels }] of this.containers) {
      if (name.startsWith(prefix)) found.push({ name, labels });
    }
    return found;
  }

  async *list(container: string, prefix = ''): AsyncGenerator<BlobListed> {
    const blobs = this.containers.get(container)?.blobs;
    if (blobs === undefined) return;
    const names = [...blobs.keys()].filter((name) => name.startsWith(prefix)).sort();
    for (const name of names) {
      const blob = blobs.get(name);
      if (blob === undefined) continue;
      const { text, etag, writtenAt } = blob;
      yield { name, bytes: text.length, etag, writtenAt: new Date(writtenAt).toISOString() };
    }
  }

  async page(container: string, cursor: string | null): Promise<BlobPage> {
    const blobs: BlobListed[] = [];
    for await (const blob of this.list(container)) {
      if (cursor !== null && blob.name <= cursor) continue;
      if (blobs.length === PAGE) return { blobs, next: blobs.at(-1)?.name ?? null };
      blobs.push(blob);
    }
    return { blobs, next: null };
  }

  async find(container: string, name: string): Promise<BlobFound | null> {
    const blob = this.containers.get(container)?.blobs.get(name);
    return blob === undefined ? null : { name, bytes: blob.text.length, etag: blob.etag };
  }

  async readText(container: string, name: string, maxBytes: number): Promise<string | null> {
    const text = this.text(container, name);
    if (text !== undefined && text.length > maxBytes) {
      throw new Failure('inputRefused', `blob ${name} has more than ${maxBytes} bytes`);
    }
    return text ?? null;
  }

  async readChunks(container: string, name: string, maxBytes: number) {
    const text = await this.readText(container, name, maxBytes);
    if (text === null) return null;
    return (async function* chunks() {
      yield Buffer.from(text);
    })();
  }

  async readPart(
    container: string,
    name: string,
    { offset, maxBytes }: Part,
  ): Promise<FilePart | null> {
    const text = this.text(container, name);
    if (text === undefined) return null;
    const all = Buffer.from(text);
    const first = offset < 0 ? Math.max(0, all.length + offset) : Math.min(offset, all.length);
    return { bytes: all.subarray(first, first + maxBytes), offset: first, length: all.length };
  }

  async writeText(container: string, name: string, text: string): Promise<void> {
    this.#demand(container);
    this.put(container, name, text);
  }

  async claim(container: string, name: string, text: string): Promise<boolean> {
    if (this.#demand(container).blobs.has(name)) return false;
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
    const blob = this.containers.get(from.container)?.blobs.get(from.name);
    if (blob === undefined || blob.etag !== from.etag) {
      throw new Failure('inputGone', `blob ${from.name} was deleted or overwritten`);
    }
    this.#demand(to.container);
    this.put(to.container, to.name, blob.text);
  }

  /** Program files are not read: any path will do. */
  async upload(container: string, name: string, file: string): Promise<void> {
    await this.writeText(container, name, file);
  }

  async readUrl(container: string, name: string | null, minutes: number): Promise<string> {
    return this.#url(container, name, 'r', minutes);
  }

  async writeUrl(container: string, minutes: number): Promise<string> {
    return this.#url(container, null, 'w', minutes);
  }

  async mountAccess(container: string, access: 'read' | 'write', minutes: number) {
    return { account: 'model', sas: this.#url(container, null, access, minutes) };
  }

  #url(container: string, name: string | null, access: string, minutes: number): string {
    const until = this.agenda.now + minutes * MINUTE;
    return `model://${this.app}/${container}/${name ?? ''}?${access}&until=${until}&${SIGNATURE}`;
  }

  #demand(container: string): Container {
    const found = this.containers.get(container);
    if (found !== undefined) return found;
    throw new Failure('serviceUnavailable', `container ${container} does not exist`);
  }
}

function carries({ labels: has }: Container, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([key, value]) => has[key] === value);
}

/** The target of a URL of the model. */
export interface Opened {
  readonly app: string;
  readonly container: string;
  readonly name: string;
  readonly until: number;
}

export function openUrl(url: string): Opened {
  const slash = url.indexOf('/', 8);
  const next = url.indexOf('/', slash + 1);
  const query = url.lastIndexOf('?');
  const until = url.indexOf('until=', query) + 6;
  return {
    app: url.slice(8, slash),
    container: url.slice(slash + 1, next),
    name: url.slice(next + 1, query),
    until: Number(url.slice(until, url.indexOf('&', until))),
  };
}
