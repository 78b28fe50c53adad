import { readFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';

const root = path.resolve(__dirname, '..', '..');
const files = globSync(
  ['src/workload/*schema.ts', 'src/workload/fields.ts', 'src/workload/workload.ts'],
  { cwd: root },
);

interface Field {
  readonly name: string;
  readonly doc: string;
  readonly text: string;
}

/**
 * The fields of every object schema, with the doc comment that an editor shows. The formatter gives
 * each field of an object a line that is indented by two more columns than the object's first line.
 */
function fieldsIn(source: string): readonly Field[] {
  const lines = source.split('\n');
  const fields: Field[] = [];
  for (const [start, line] of lines.entries()) {
    if (!/(\.strictObject\(\{|\.extend\(\{|^const (limits|common|several) = \{)$/.test(line))
      continue;
    const indent = ' '.repeat(line.search(/\S/));
    const end = lines.findIndex((text, index) => index > start && text.startsWith(`${indent}}`));
    fields.push(...fieldsOf(lines.slice(start + 1, end), `${indent}  `));
  }
  return fields;
}

function fieldsOf(lines: readonly string[], indent: string): readonly Field[] {
  const fields: Field[] = [];
  let doc = '';
  for (const line of lines) {
    const isOwn = line.startsWith(indent) && line[indent.length] !== ' ';
    const text = line.trim();
    const name = isOwn ? /^(\w+)[:,]/.exec(text)?.[1] : undefined;
    if (isOwn && text.startsWith('/**')) doc = text;
    else if (text.startsWith('*')) doc += ` ${text}`;
    else if (name !== undefined) {
      fields.push({ name, doc: doc.replace(/\s*\/?\*+\/?\s*/g, ' ').trim(), text });
      doc = '';
    } else {
      const last = fields.pop();
      if (last !== undefined) fields.push({ ...last, text: `${last.text} ${text}` });
    }
  }
  return fields;
}

const fields = files.flatMap((file) => fieldsIn(readFileSync(path.join(root, file), 'utf8')));

test('every field of a declaration has a doc comment of whole sentences', () => {
  const withoutSentence = fields.filter(({ doc }) => !/^[A-Z`].*[a-z].*\.$/.test(doc));

  expect(withoutSentence).toEqual([]);
  expect(fields.length).toBeGreaterThan(110);
});

test('the doc comment of every optional field has its default', () => {
  const isOptional = /\.default\(|\.optional\(|Schema\.optional|^environment,|packageReferences/;
  const withoutDefault = fields.filter(
    ({ text, doc }) => isOptional.test(text) && !doc.includes('Default: '),
  );

  expect(withoutDefault).toEqual([]);
});

test('no object schema is written in one line, where its fields cannot have doc comments', () => {
  const inOneLine = files.filter((file) =>
    /= z\.strictObject\(\{ |^\s+z\.strictObject\(\{ /m.test(
      readFileSync(path.join(root, file), 'utf8'),
    ),
  );

  expect(inOneLine).toEqual([]);
});
