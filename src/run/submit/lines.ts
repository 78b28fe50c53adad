import { Failure } from '../../failure';

/** Bound of a line of the task manifest: an id, an affinity and the variables of one task. */
export const MAX_LINE_BYTES = 32 * 1024;

/**
 * Splits chunks of UTF-8 into lines, holding one chunk and one line in memory.
 * @throws Failure manifestRefused naming the line that is too long
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes = MAX_LINE_BYTES,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  let number = 1;
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      yield boundedLine(line, number, maxLineBytes);
      number += 1;
    }
    boundedLine(rest, number, maxLineBytes);
  }
  rest += decoder.decode();
  if (rest !== '') yield boundedLine(rest, number, maxLineBytes);
}

function boundedLine(line: string, number: number, maxBytes: number): string {
  if (Buffer.byteLength(line) <= maxBytes) return line.endsWith('\r') ? line.slice(0, -1) : line;
  throw new Failure(
    'manifestRefused',
    `line ${number} of the task manifest is invalid: it is longer than ${maxBytes} bytes; pass large values as files`,
  );
}
