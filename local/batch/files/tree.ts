import { createReadStream, type Stats } from 'node:fs';
import fsp from 'node:fs/promises';
import path from 'node:path';
import { idField } from '../wire/fields';
import type { Call, Reply } from '../wire/call';
import { checkConditions } from '../wire/conditions';
import { type Listing, pageOf } from '../wire/page';
import { Refusal, invalidQuery } from '../wire/refusals';
import { wireTime } from '../wire/time';

/** A directory of a node that clients may read, with the address of its files. */
export interface FileTree {
  readonly root: string;
  readonly url: string;
}

const fileListing: Listing = {
  metadata: 'files',
  filterable: [{ ...idField('name'), operators: ['startswith'] }],
  selectable: ['name', 'url', 'isDirectory', 'properties'],
};

/** Lists a directory, or with `recursive` everything below it. */
export async function listFiles(call: Call<unknown, string>, tree: FileTree): Promise<Reply> {
  const names = await namesBelow(tree.root, '', isRecursive(call));
  const views = await Promise.all(names.map((name) => fileView(tree, name)));
  return pageOf(call, fileListing, (after) =>
    views
      .map((view, index) => ({ seq: index + 1, view: () => view }))
      .filter(({ seq }) => seq > after),
  );
}

function isRecursive(call: Call<unknown, string>): boolean {
  const text = call.query.get('recursive')?.toLowerCase();
  if (text === undefined || text === 'false') return false;
  if (text === 'true') return true;
  throw invalidQuery('recursive', text, 'The value is not a Boolean');
}

/** Links are listed and not followed: they may lead out of the tree or into a loop. */
async function namesBelow(root: string, folder: string, recursive: boolean): Promise<string[]> {
  const entries = await fsp.readdir(path.join(root, folder), { withFileTypes: true });
  const names: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const name = path.posix.join(folder, entry.name);
    names.push(name);
    if (recursive && entry.isDirectory()) names.push(...(await namesBelow(root, name, recursive)));
  }
  return names;
}

async function fileView(tree: FileTree, name: string): Promise<object> {
  const stats = await fsp.lstat(path.join(tree.root, name)).catch(() => undefined);
  const isDirectory = stats?.isDirectory() === true;
  return {
    name,
    url: fileUrl(tree, name),
    isDirectory,
    ...(stats !== undefined && !isDirectory && { properties: propertiesOf(name, stats) }),
  };
}

function fileUrl({ url }: FileTree, name: string): string {
  return `${url}/files/${name.split('/').map(encodeURIComponent).join('/')}`;
}

/** The service writes the length as a string. */
function propertiesOf(name: string, stats: Stats): object {
  return {
    lastModified: wireTime(Math.floor(stats.mtimeMs)),
    contentLength: String(stats.size),
    contentType: contentTypeOf(name),
    fileMode: modeOf(stats),
  };
}

function modeOf(stats: Stats): string {
  return `0o${stats.mode.toString(8)}`;
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.txt': 'text/plain',
  '.log': 'text/plain',
  '.json': 'application/json',
  '.xml': 'text/xml',
  '.html': 'text/html',
  '.csv': 'text/csv',
};

function contentTypeOf(name: string): string {
  return CONTENT_TYPES[path.extname(name).toLowerCase()] ?? 'application/octet-stream';
}

interface FoundFile {
  readonly absolute: string;
  readonly stats: Stats;
}

/** A file inside the tree. A path that leaves the tree, by dots or by a link, is not found. */
async function find(tree: FileTree, name: string): Promise<FoundFile> {
  const root = await fsp.realpath(tree.root).catch(() => undefined);
  if (root === undefined) throw new Refusal('FileNotFound');
  const absolute = await fsp.realpath(path.resolve(root, `./${name}`)).catch(() => undefined);
  if (absolute === undefined || !(absolute + path.sep).startsWith(root + path.sep)) {
    throw new Refusal('FileNotFound');
  }
  return { absolute, stats: await fsp.stat(absolute) };
}

/** HEAD of a file. */
export async function fileProperties(
  call: Call<unknown, string>,
  tree: FileTree,
  name: string,
): Promise<Reply> {
  const { stats } = await find(tree, name);
  checkFileConditions(call, stats);
  const length = stats.isDirectory() ? '0' : String(stats.size);
  return { status: 200, headers: { ...headersOf(tree, name, stats), 'Content-Length': length } };
}

/** GET of a file, or of the bytes in `ocp-range`; the status of both is 200. */
export async function readFile(
  call: Call<unknown, string>,
  tree: FileTree,
  name: string,
): Promise<Reply> {
  const { absolute, stats } = await find(tree, name);
  if (stats.isDirectory()) throw new Refusal('OperationInvalidForCurrentState');
  checkFileConditions(call, stats);
  const range = rangeOf(call, stats.size);
  const headers = headersOf(tree, name, stats);
  if (range === undefined) return { status: 200, headers };
  return { status: 200, headers, open: () => createReadStream(absolute, range) };
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Undefined for an empty file. Unconfirmed: a range that starts at or after the end of a file is
 * refused with the code of that name.
 */
function rangeOf(call: Call<unknown, string>, size: number): Range | undefined {
  const header = call.headers['ocp-range'];
  if (header === undefined) return size === 0 ? undefined : { start: 0, end: size - 1 };
  const match = /^bytes=(\d+)-(\d*)$/.exec(String(header).trim());
  if (match === null) throw new Refusal('InvalidRange');
  const start = Number(match[1]);
  const end = match[2] === '' ? size - 1 : Math.min(Number(match[2]), size - 1);
  if (start >= size || end < start) throw new Refusal('InvalidRange');
  return { start, end };
}

function checkFileConditions(call: Call<unknown, string>, stats: Stats): void {
  checkConditions(call, { eTag: '', modifiedAt: stats.mtimeMs });
}

function headersOf(tree: FileTree, name: string, stats: Stats): Record<string, string> {
  return {
    'Last-Modified': stats.mtime.toUTCString(),
    'Content-Type': contentTypeOf(name),
    'ocp-batch-file-isdirectory': stats.isDirectory() ? 'True' : 'False',
    'ocp-batch-file-mode': modeOf(stats),
    'ocp-batch-file-url': encodeURIComponent(fileUrl(tree, name)),
  };
}

/** DELETE of a file, or with `recursive` of a directory. */
export async function deleteFile(
  call: Call<unknown, string>,
  tree: FileTree,
  name: string,
): Promise<Reply> {
  const { absolute, stats } = await find(tree, name);
  const root = await fsp.realpath(tree.root);
  if (absolute === root) throw new Refusal('OperationInvalidForCurrentState');
  if (!stats.isDirectory()) await fsp.rm(absolute);
  else if (isRecursive(call)) await fsp.rm(absolute, { recursive: true });
  else await removeEmpty(absolute);
  return { status: 200 };
}

async function removeEmpty(folder: string): Promise<void> {
  try {
    await fsp.rmdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
    throw new Refusal('OperationInvalidForCurrentState');
  }
}
