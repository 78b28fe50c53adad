import type { App } from '../app';
import { Failure } from '../failure';
import { answering } from './answering';
import type { OperationHandler } from './handler';
import { LINK_MINUTES, outputContainer, unknownOutput } from './outputs';

/** Bytes of an output that one preview has at most; larger files are downloaded from storage. */
export const PREVIEW_BYTES = 4 * 1024 * 1024;

/**
 * GET /api/runs/{id}/previews/{*name} returns the first bytes of an output. Outputs are written by
 * tasks, so no browser may ever run or render one in the origin of the app: it is an attachment of
 * no type, and in a sandbox. The console decides by the name how to draw it from memory.
 */
export function previewHandler(app: App): OperationHandler {
  return answering('previews', async (request) => {
    const { name = '', id = '' } = request.params;
    const container = await outputContainer(app, id);
    const part = await app.files.readPart(container, name, { offset: 0, maxBytes: PREVIEW_BYTES });
    if (part === null) throw missing(name);
    return { status: 200, headers: HARMLESS, body: Buffer.from(part.bytes) };
  });
}

const HARMLESS = {
  'Content-Type': 'application/octet-stream',
  'Content-Disposition': 'attachment',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'private, no-store',
} as const;

/**
 * GET /api/runs/{id}/links/{*name} returns the address of an output in storage as JSON. A page
 * cannot follow the redirect of `outputs`, since the key that this needs is a header.
 */
export function linkHandler(app: App): OperationHandler {
  return answering('output-links', async (request) => {
    const { name = '', id = '' } = request.params;
    const container = await outputContainer(app, id);
    if ((await app.files.find(container, name)) === null) throw missing(name);
    const url = await app.files.readUrl(container, name, LINK_MINUTES);
    return {
      status: 200,
      headers: { 'Cache-Control': 'no-store' },
      jsonBody: { url, minutes: LINK_MINUTES },
    };
  });
}

function missing(name: string): Failure {
  return new Failure(
    'unknownOutput',
    `${unknownOutput(name)}; GET /api/runs/{id}/outputs lists them`,
  );
}
