/** One line of a text file. */
export interface Line {
  /** Counted from one. */
  readonly number: number;
  readonly text: string;
}

/** Goes through the lines without a second copy of the whole text. */
export function* linesOf(text: string, from = 0, firstNumber = 1): Generator<Line> {
  let number = firstNumber;
  for (let start = from; start < text.length; number++) {
    const end = text.indexOf('\n', start);
    const stop = end === -1 ? text.length : end;
    yield { number, text: text.slice(start, stop).trim() };
    start = stop + 1;
  }
}

/** The words of a line. */
export function splitWords(line: string): readonly string[] {
  return line === '' ? [] : line.split(/\s+/);
}

const NUMBER_PATTERN = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A decimal number; anything else (hexadecimal, nothing, "nan") is not a number. */
export function decimal(word: string | undefined): number {
  return word !== undefined && NUMBER_PATTERN.test(word) ? Number(word) : Number.NaN;
}
