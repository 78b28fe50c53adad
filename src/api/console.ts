import type { HttpHandler, HttpRequest, HttpResponseInit } from '@azure/functions';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/**
 * GET /api/console and every address below it: the static files of the console. They hold no data,
 * and a browser cannot send a key with the first request of a page, so this is the only function
 * that anonymous callers may call. An address that names no file is a view of the page.
 */
export function consoleHandler(folder: string): HttpHandler {
  let files: ReadonlyMap<string, StaticFile> | undefined;
  return async (request) => {
    files ??= filesIn(folder);
    const path = request.params['path'] ?? '';
    const isAsset = path.startsWith(ASSETS);
    const file = files.get(isAsset ? path : PAGE);
    if (file === undefined) return NOT_FOUND;
    return answerWith(file, isAsset, request);
  };
}

const PAGE = 'index.html';
/** Their names contain a hash of their content. */
const ASSETS = 'assets/';

interface StaticFile {
  readonly type: string;
  readonly etag: string;
  readonly bytes: Buffer;
  /** The front end of the platform does not compress what a function returns. */
  readonly compressed: Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

function filesIn(folder: string): ReadonlyMap<string, StaticFile> {
  const names = [PAGE, ...readdirSync(join(folder, ASSETS)).map((name) => `${ASSETS}${name}`)];
  return new Map(names.map((name) => [name, fileAt(join(folder, name))]));
}

function fileAt(path: string): StaticFile {
  const bytes = readFileSync(path);
  const hash = createHash('sha256').update(bytes).digest('base64url').slice(0, 27);
  return {
    type: TYPES[extname(path)] ?? 'application/octet-stream',
    etag: `W/"${hash}"`,
    bytes,
    compressed: gzipSync(bytes, { level: 9 }),
  };
}

function answerWith(
  { type, etag, bytes, compressed }: StaticFile,
  isAsset: boolean,
  { headers: asked }: HttpRequest,
): HttpResponseInit {
  const headers = {
    ...SECURITY,
    'Content-Type': type,
    'Cache-Control': isAsset ? 'public, max-age=31536000, immutable' : 'no-cache',
    ETag: etag,
    Vary: 'Accept-Encoding',
  };
  if (asked.get('if-none-match') === etag) return { status: 304, headers };
  const isCompressed = /\bgzip\b/.test(asked.get('accept-encoding') ?? '');
  return isCompressed
    ? { status: 200, headers: { ...headers, 'Content-Encoding': 'gzip' }, body: compressed }
    : { status: 200, headers, body: bytes };
}

/**
 * Scripts and styles of the app's own files only, requests to the app only. Pictures are drawn from
 * memory: what a task has written never has an address of its own that a page could run.
 */
const SECURITY = {
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    'img-src blob: data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
} as const;

const NOT_FOUND: HttpResponseInit = {
  status: 404,
  headers: { ...SECURITY, 'Content-Type': 'text/plain; charset=utf-8' },
  body: 'The console has no such file.\n',
};
