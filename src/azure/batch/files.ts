import type { FilePart, NodeFile, Part } from '../../run/finish/reads';
import { BatchError, nullIfNotFound, REQUEST_TIMEOUT, type Service } from './calls';

/**
 * Reads the last `maxBytes` of a file, or null when it does not exist: the node was deleted, the
 * task has not started, or the file was never written. A failed streaming call of `@azure/batch`
 * has no error code, so the status decides.
 */
export async function readTail(
  service: Service,
  file: NodeFile,
  maxBytes: number,
  encoding = 'utf-8',
): Promise<string | null> {
  const part = await readPart(service, file, { offset: -maxBytes, maxBytes });
  return part === null ? null : decode(Buffer.from(part.bytes), encoding);
}

/** Reads a part of a file, or null as above. */
export async function readPart(
  service: Service,
  file: NodeFile,
  { offset, maxBytes }: Part,
): Promise<FilePart | null> {
  try {
    const length = await lengthOf(service, file);
    if (length === null) return null;
    const first = offset < 0 ? Math.max(0, length + offset) : offset;
    const end = Math.min(length, first + maxBytes);
    if (first >= end) return { bytes: new Uint8Array(), offset: Math.min(first, length), length };
    const bytes = await nullIfNotFound(
      service.call(() => read(service, file, `bytes=${first}-${end - 1}`)),
    );
    return bytes === null ? null : { bytes, offset: first, length };
  } catch (error) {
    // 409: the task has not started, or its files were deleted; 416: the file has shrunk meanwhile.
    if (error instanceof BatchError && (error.status === 409 || error.status === 416)) return null;
    throw error;
  }
}

async function lengthOf(service: Service, file: NodeFile): Promise<number | null> {
  const { client, call } = service;
  const properties = await nullIfNotFound(
    call(() =>
      file.kind === 'task'
        ? client.file.getPropertiesFromTask(file.jobId, file.taskId, file.file, REQUEST_TIMEOUT)
        : client.file.getPropertiesFromComputeNode(
            file.poolId,
            file.nodeId,
            file.file,
            REQUEST_TIMEOUT,
          ),
    ),
  );
  return properties === null ? null : (properties.contentLength ?? 0);
}

async function read({ client }: Service, file: NodeFile, ocpRange: string): Promise<Buffer> {
  const response =
    file.kind === 'task'
      ? await client.file.getFromTask(file.jobId, file.taskId, file.file, {
          fileGetFromTaskOptions: { ocpRange },
          ...REQUEST_TIMEOUT,
        })
      : await client.file.getFromComputeNode(file.poolId, file.nodeId, file.file, {
          fileGetFromComputeNodeOptions: { ocpRange },
          ...REQUEST_TIMEOUT,
        });
  const chunks: Buffer[] = [];
  for await (const chunk of response.readableStreamBody ?? []) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Decodes a tail of a file. UTF-8 may start in the middle of a character, which is omitted. */
export function decode(bytes: Buffer, encoding = 'utf-8'): string {
  const decoder = new TextDecoder(encoding);
  let start = 0;
  if (decoder.encoding === 'utf-8') {
    while (start < Math.min(3, bytes.length) && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  }
  return decoder.decode(bytes.subarray(start));
}
