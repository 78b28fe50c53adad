import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { imageNames } from '../../src/workload/image-names';
import { vmSizeOf } from '../../src/workload/node-defaults';
import { warningsOf } from '../../src/workload/checks/warnings';
import { recipesIn } from './recipes';
import { checkWorkloads } from '../../src/workload/check-workloads';
import { programsOf } from '../../src/workload/programs';

const document = 'docs/pools-and-data.md';
const root = path.resolve(__dirname, '..', '..');
const text = readFileSync(path.join(root, document), 'utf8');
const workloads = [...checkWorkloads(recipesIn(document)).values()];

test('every recipe of the document is accepted by the app', () => {
  expect(workloads.map(({ name }) => name)).toHaveLength(text.split('```ts\n').length - 1);
});

test('the recipes need no program that a reader does not have', () => {
  const missing = workloads
    .flatMap(programsOf)
    .filter((program) => !existsSync(path.join(root, 'src/workloads/shared', program)));

  expect(missing).toEqual([]);
});

test('only the recipe that says so is warned of', () => {
  expect(workloads.flatMap((workload) => warningsOf(workload).map(() => workload.name))).toEqual([
    'exchange',
  ]);
});

test('the size that the document promises is the one that is taken', () => {
  const fit = workloads.find(({ name }) => name === 'fit');

  expect(fit === undefined ? '' : vmSizeOf(fit.pool)).toBe('standard_e8s_v5');
  expect(text).toContain('here `standard_e8s_v5`');
});

test('every name of an image is in the document', () => {
  expect(Object.keys(imageNames).filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});
