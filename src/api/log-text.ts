import { redact } from '../failure';
import type { FilePart } from '../run/finish/reads';

/** Bytes of a log as text that is safe to show. */

export interface LogText {
  readonly text: string;
  /** Number of the bytes that the text stands for: a letter whose end is missing is left out. */
  readonly bytes: number;
}

/** Longest form of a letter in UTF-8. */
const LETTER_BYTES = 4;

/** Decodes a part. A letter that continues beyond the part is left to the next one, unless the file ends with it. */
export function logTextOf(part: FilePart, encoding: string): LogText {
  const decoder = new TextDecoder(encoding);
  const isLast = part.offset + part.bytes.length >= part.length;
  const bytes = isLast ? part.bytes.length : wholeLetters(part.bytes, decoder.encoding);
  return { text: plain(decoder.decode(part.bytes.subarray(0, bytes))), bytes };
}

/** Number of bytes before a letter that is cut off at the end. */
function wholeLetters(bytes: Uint8Array, encoding: string): number {
  if (encoding.startsWith('utf-16')) return bytes.length - (bytes.length % 2);
  if (encoding !== 'utf-8') return bytes.length;
  for (let back = 1; back < LETTER_BYTES && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const letter = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return letter > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Without what a terminal would obey, and without credentials. */
function plain(text: string): string {
  return redact(
    text
      // oxlint-disable-next-line no-control-regex -- control characters are what is removed
      .replaceAll(/\u001B\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '')
      .replaceAll(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ''),
  );
}
