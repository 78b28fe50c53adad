import { transformSync } from 'esbuild';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { defineWorkload, type WorkloadDeclaration } from '../../src/workload/workload';
import { workSchema } from '../../src/workload/work-schema';
import { checkWorkloads } from '../../src/workload/check-workloads';

/** What a user copies out of docs/shapes.md has to work as it stands. */

const guide = readFileSync(path.resolve(__dirname, '..', '..', 'docs', 'shapes.md'), 'utf8');
const blocks = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);

function declarationsIn(code: string): readonly WorkloadDeclaration[] {
  const { code: script } = transformSync(code, { loader: 'ts', format: 'cjs' });
  const module = { exports: {} as Record<string, WorkloadDeclaration> };
  // oxlint-disable-next-line typescript/no-implied-eval -- it is our own guide
  new Function('module', 'exports', 'defineWorkload', script)(
    module,
    module.exports,
    defineWorkload,
  );
  return Object.values(module.exports);
}

const declarations = blocks.flatMap(declarationsIn);

test('every recipe is a workload that the app accepts, all of them together', () => {
  expect(declarations).toHaveLength(blocks.length);
  expect([...checkWorkloads(declarations).keys()]).toEqual(declarations.map(({ name }) => name));
});

test('every shape has a recipe', () => {
  const kinds = workSchema.options.map((shape) => shape.shape.kind.value);

  expect([...new Set(declarations.map(({ work }) => work.kind))].sort()).toEqual([...kinds].sort());
});

test('every link of the table leads to a recipe', () => {
  const headings = [...guide.matchAll(/^## (.+)$/gm)].map(([, text = '']) =>
    text.toLowerCase().replaceAll(' ', '-'),
  );
  const links = [...guide.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);

  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((anchor) => anchor === undefined || !headings.includes(anchor))).toEqual([]);
});
