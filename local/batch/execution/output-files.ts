import { ContainerClient } from '@azure/storage-blob';
import fsp from 'node:fs/promises';
import path from 'node:path';
import type { OutputFile } from '../bodies/common';
import { matchFiles } from '../file-pattern';
import { type FailureCode, StepFailed, failureOf, withoutQuery } from './failures';

export interface Uploading {
  readonly workingDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly succeeded: boolean;
  readonly signal: AbortSignal;
}

/**
 * Uploads the files that match the result of the process. Returns undefined when every upload
 * succeeded.
 */
export async function uploadAll(
  files: readonly OutputFile[],
  uploading: Uploading,
): Promise<StepFailed | undefined> {
  const wanted = uploading.succeeded ? 'TaskSuccess' : 'TaskFailure';
  const due = files.filter(({ uploadOptions: { uploadCondition } }) =>
    [wanted, 'TaskCompletion'].includes(uploadCondition),
  );
  if (due.length === 0) return undefined;
  const journal = new UploadJournal(path.dirname(uploading.workingDirectory));
  let failure: StepFailed | undefined;
  // A failed upload does not prevent the others.
  for (const file of due) {
    try {
      await upload(file, uploading, journal);
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error;
      failure ??= error;
      await journal.failed(file.filePattern, error.failure.code);
    }
  }
  return failure;
}

/** `fileuploadout.txt` and `fileuploaderr.txt`, beside the task's own output. */
class UploadJournal {
  constructor(private readonly folder: string) {}

  async uploaded(file: string, blob: string): Promise<void> {
    await fsp.appendFile(path.join(this.folder, 'fileuploadout.txt'), `${file} -> ${blob}\n`);
  }

  async failed(pattern: string, code: string): Promise<void> {
    await fsp.appendFile(path.join(this.folder, 'fileuploaderr.txt'), `${pattern}: ${code}\n`);
  }
}

async function upload(
  file: OutputFile,
  { workingDirectory, environment, signal }: Uploading,
  journal: UploadJournal,
): Promise<void> {
  const { container } = file.destination;
  if (container === undefined) return;
  const paths = await matchFiles(file.filePattern, { cwd: workingDirectory, environment });
  const fixed = fixedPart(file.filePattern, workingDirectory);
  const headers = container.uploadHeaders ?? [];
  const client = new ContainerClient(container.containerUrl, undefined, {
    retryOptions: { maxTries: 3 },
  });
  for (const source of paths) {
    const name = blobName(file, container.path, path.relative(fixed, source), source);
    try {
      await client.getBlockBlobClient(name).uploadFile(source, {
        abortSignal: signal,
        blobHTTPHeaders: blobHeaders(headers),
      });
    } catch (cause) {
      signal.throwIfAborted();
      throw uploadFailed(cause, container.containerUrl, source);
    }
    await journal.uploaded(source, name);
  }
}

const WILDCARD = /[*?[]/;

/**
 * The directory before a pattern's first wildcard. Unconfirmed: below `path`, blobs keep the
 * folders that the wildcards matched, and only those.
 */
function fixedPart(pattern: string, workingDirectory: string): string {
  const steps = pattern.split('/');
  const first = steps.findIndex((step) => WILDCARD.test(step));
  const fixed = first === -1 ? steps.slice(0, -1) : steps.slice(0, first);
  const folder = pattern.startsWith('/') ? `/${fixed.join('/')}` : fixed.join('/');
  return path.resolve(workingDirectory, folder);
}

function blobName(
  file: OutputFile,
  destination: string | undefined,
  relative: string,
  source: string,
): string {
  if (destination === undefined || destination === '') {
    return WILDCARD.test(file.filePattern) ? relative : path.basename(source);
  }
  if (!WILDCARD.test(file.filePattern)) return destination;
  return path.posix.join(destination, relative);
}

function blobHeaders(
  headers: readonly { readonly name: string; readonly value?: string | undefined }[],
): Record<string, string> {
  const known: Readonly<Record<string, string>> = {
    'x-ms-blob-content-type': 'blobContentType',
    'x-ms-blob-content-encoding': 'blobContentEncoding',
    'x-ms-blob-content-language': 'blobContentLanguage',
    'x-ms-blob-cache-control': 'blobCacheControl',
    'x-ms-blob-content-disposition': 'blobContentDisposition',
  };
  return Object.fromEntries(
    headers.flatMap(({ name, value }) => {
      const key = known[name.toLowerCase()];
      return key === undefined || value === undefined ? [] : [[key, value]];
    }),
  );
}

function uploadFailed(cause: unknown, containerUrl: string, source: string): StepFailed {
  const { statusCode } = cause as { statusCode?: number };
  const code: FailureCode =
    statusCode === 404
      ? 'FileUploadContainerNotFound'
      : statusCode === 403
        ? 'FileUploadAccessDenied'
        : 'FileUploadMiscError';
  const details = [
    { name: 'FilePath', value: path.basename(source) },
    { name: 'Container', value: withoutQuery(containerUrl) },
  ];
  return new StepFailed(failureOf(code, details), { cause });
}
