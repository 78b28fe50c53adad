import { readFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';

/** The Markdown documents of the repository, as the tests of `test/docs` read them. */

export const root = path.resolve(__dirname, '..', '..');

export const documents: readonly string[] = globSync('**/*.md', {
  cwd: root,
  ignore: ['node_modules/**', 'dist/**', 'out/**', '.nightshift/**'],
}).sort();

export function textOf(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** The names written as code in the first column of the tables of a text. */
export function namesIn(text: string): string[] {
  return rowsOf(text).flatMap(([first = '']) => codeIn(first));
}

/** The cells of each table row of a text. */
export function rowsOf(text: string): string[][] {
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  return rows.map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

export function codeIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** The text between a heading of the second level and the next one. */
export function sectionOf(file: string, heading: string): string {
  const [, after = ''] = textOf(file).split(`\n## ${heading}\n`);
  return after.split('\n## ')[0] ?? '';
}
