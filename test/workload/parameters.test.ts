import { expect, test } from 'vitest';
import { z } from 'zod';
import { parametersOf } from '../../src/workload/parameters';
import { checked, whole } from '../run/given';

const workload = checked({
  ...whole,
  parameters: z.strictObject({ text: z.string(), times: z.number().default(3) }),
});

test('parameters are text, with the defaults of the workload', () => {
  expect(parametersOf(workload, { text: 'a' })).toEqual({ text: 'a', times: '3' });
});

test.each([
  ['plain', 'a', 15_000, 16_000],
  ['with characters that JSON escapes', '\u0000', 2600, 2700],
])('parameters (%s) are refused beyond what a row of the ledger holds', (_, letter, few, many) => {
  expect(parametersOf(workload, { text: letter.repeat(few) })['text']).toHaveLength(few);
  expect(() => parametersOf(workload, { text: letter.repeat(many) })).toThrow(
    /must have at most 16000 characters together, as JSON, and have \d+; store the data in a blob/,
  );
});
