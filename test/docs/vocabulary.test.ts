import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { root, rowsOf, textOf } from './documents';
import { ANSWERS, legitimate, phrases, QUESTION_OPENING, type Phrase } from './vocabulary';

/** Every text of the project says what its readers would say, so that they can search for it. */

interface Text {
  readonly file: string;
  /** The line on which it begins. */
  readonly line: number;
  readonly text: string;
}

function filesOf(globs: string | readonly string[]): string[] {
  return globSync(globs, { cwd: root, ignore: ['**/node_modules/**'] }).sort();
}

function textsOf(globs: readonly string[]): Text[] {
  return filesOf(globs).map((file) => ({ file, line: 1, text: textOf(file) }));
}

/** Titles of tests, whose other text is data. */
function titlesIn(file: string): Text[] {
  const text = textOf(file);
  const titles = text.matchAll(
    /(?:\btest(?:\.\w+)*(?:\([^()]*\))?(?:\.\w+)?\(|\]\)\()\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g,
  );
  return [...titles].map(({ 2: title = '', index }) => ({
    file,
    line: text.slice(0, index).split('\n').length,
    text: title,
  }));
}

/** A phrase may be broken over lines, and over the marks of a comment. */
function found(texts: readonly Text[], list: readonly Phrase[] = phrases): string[] {
  const wrapping = list.map(({ pattern: { source, flags }, instead }) => ({
    pattern: new RegExp(source.replaceAll(' ', '\\s+'), `${flags}g`),
    instead,
  }));
  return texts.flatMap(({ file, line, text }) => {
    const plain = text.replaceAll(/^[ \t]*(?:\*|\/\/|#)/gm, (mark) => ' '.repeat(mark.length));
    return wrapping.flatMap(({ pattern, instead }) =>
      [...plain.matchAll(pattern)].map(({ 0: match, index }) => {
        const at = line + plain.slice(0, index).split('\n').length - 1;
        return `${file}:${at}: "${match.replaceAll(/\s+/g, ' ')}": write ${instead}`;
      }),
    );
  });
}

test.each([
  ['src', ['src/**/*.{ts,tsx,html,sh}']],
  ['local', ['local/**/*.{ts,md}']],
  ['docs', ['docs/**/*.{md,svg}', 'README.md', 'CONTRIBUTING.md', 'SECURITY.md']],
  ['infra', ['infra/**/*.{bicep,md,mjs,sh,ps1}', 'scripts/**/*.mjs', 'azure.yaml']],
])('the texts of %s use the vocabulary of the field', (_, globs) => {
  expect(found(textsOf(globs))).toEqual([]);
});

test('the titles of tests use the vocabulary of the field', () => {
  const files = filesOf('test/**/*.test.ts');

  expect(files.flatMap(titlesIn).length).toBeGreaterThan(500);
  expect(found(files.flatMap(titlesIn))).toEqual([]);
});

test.each(['src', 'local'])(
  'doc comments of %s open with the thing or a verb, and functions return',
  (folder) => {
    const openings = filesOf(`${folder}/**/*.{ts,tsx}`).flatMap((file) =>
      (textOf(file).match(/\/\*\*[\s\S]*?\*\//g) ?? [])
        .filter((comment) => QUESTION_OPENING.test(comment) || ANSWERS.test(comment))
        .map((comment) => `${file}: ${comment.replaceAll(/\s*\n\s*\*?\s*/g, ' ').slice(0, 80)}`),
    );

    expect(openings).toEqual([]);
  },
);

test('every field of a declaration has a doc comment, which is its meaning in the reference', () => {
  const rows = rowsOf(textOf('docs/reference/workload.md')).filter(([field = '']) =>
    field.startsWith('`'),
  );

  expect(rows.length).toBeGreaterThan(100);
  expect(rows.filter(([, , , , meaning]) => meaning === '').map(([field]) => field)).toEqual([]);
});

test('every phrase is found in its example, and similar texts are left alone', () => {
  const one = (text: string): Text => ({ file: 'example', line: 1, text });

  expect(phrases.filter((entry) => found([one(entry.example)], [entry]).length === 0)).toEqual([]);
  expect(found(legitimate.map(one))).toEqual([]);
});
