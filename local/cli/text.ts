/** Text for people: counts, wrapping, and names that cannot control a terminal. */

/** A count with its noun: `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/**
 * A name from an untrusted source, safe to print: control characters, which a terminal would obey,
 * and marks that change the direction of text are escaped.
 */
export function printable(name: string): string {
  return name.replaceAll(
    /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Breaks a text between its words. A word that is longer than the width stays whole. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(word);
    }
  }
  return lines;
}

const INDENT = 2;
const GAP = 2;

/**
 * Rows of a command and a note in two columns. Where some note does not fit beside its command,
 * all stand below.
 */
export function twoColumns(
  rows: readonly (readonly [left: string, note: string])[],
  columns: number,
): string[] {
  const widest = Math.max(0, ...rows.map(([left]) => left.length));
  const beside = columns - INDENT - widest - GAP;
  const allFit = rows.every(([, note]) => note.length <= beside);
  const indent = ' '.repeat(INDENT);
  return rows.flatMap(([left, note]) => {
    if (allFit) return [`${indent}${left.padEnd(widest + GAP)}${note}`.trimEnd()];
    const below = ' '.repeat(2 * INDENT);
    return [`${indent}${left}`, ...wrap(note, columns - below.length).map((line) => below + line)];
  });
}
