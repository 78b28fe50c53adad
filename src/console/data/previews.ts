/** A way to show an output, decided by its name alone. */
export type PreviewKind = 'picture' | 'table' | 'json' | 'text' | 'none';

const PICTURES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  svg: 'image/svg+xml',
};

const TEXTS = new Set(
  'txt log md yaml yml xml html htm js mjs ts py sh sql ini toml cfg conf sig jsonl ndjson obj tex rst'.split(
    ' ',
  ),
);

/** The bytes that one preview has at most, as the app bounds it. */
export const PREVIEW_BYTES = 4 * 1024 * 1024;

export function previewKindOf(name: string, bytes: number): PreviewKind {
  const ending = endingOf(name);
  // A part of a picture or of JSON is neither.
  if (PICTURES[ending] !== undefined) return bytes <= PREVIEW_BYTES ? 'picture' : 'none';
  if (ending === 'csv' || ending === 'tsv') return 'table';
  if (ending === 'json') return bytes <= PREVIEW_BYTES ? 'json' : 'text';
  return TEXTS.has(ending) ? 'text' : 'none';
}

/** The type under which a picture is drawn from memory. */
export function pictureTypeOf(name: string): string {
  return PICTURES[endingOf(name)] ?? 'application/octet-stream';
}

export function delimiterOf(name: string): string {
  return endingOf(name) === 'tsv' ? '\t' : ',';
}

function endingOf(name: string): string {
  return /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase() ?? '';
}

/** JSON with its lines indented; what is not JSON is left as it is. */
export function indented(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
