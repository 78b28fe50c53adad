import { expect, test } from 'vitest';
import { z } from 'zod';
import { echo, perBlob, split, whole } from '../run/given';
import { validationErrorsOf } from './validation-errors';

const odd = {
  ...perBlob,
  name: 'odd',
  results: ['top.txt'],
  work: {
    kind: 'perBlob',
    task: { command: 'cat a | sort', outputs: [{ files: 'outputs/*', to: 'counts' }] },
  },
};

const betweenFields = [
  `odd, work.task.command: "|" has no effect without a shell; write /bin/sh -c '…' or move the command into a script in the programs folder`,
  'odd, results[0]: no task produces it: none of their outputs goes to results/top.txt',
];

test('errors between fields are reported beside an error of type', () => {
  expect(validationErrorsOf(odd)).toEqual(betweenFields);
  expect(validationErrorsOf({ ...odd, pool: { maxNodes: '4' } })).toEqual([
    'odd, pool.maxNodes: must be a whole number',
    betweenFields[0],
    betweenFields[1],
  ]);
});

test('errors between workloads are reported beside a misspelt field', () => {
  expect(
    validationErrorsOf({ ...whole, name: 'a', triggers: { after: 'a' }, keepOutputDays: 1 }),
  ).toEqual([
    'a, the declaration: unknown field `keepOutputDays`; did you mean `keepOutputsDays`?',
    'a, triggers.after: would start itself forever: a after a',
  ]);
});

test('errors that follow from an invalid field are not reported', () => {
  const wide = { ...echo, slots: 4, maxMinutes: 100 };

  expect(
    validationErrorsOf({
      ...split,
      deadlineMinutes: '120',
      pool: { slotsPerNode: 0, maxnodes: 4, dedicatedNodes: 2 },
      work: { ...split.work, task: wide, merge: { ...echo, outputs: [{ files: 'x' }] } },
      results: ['picture.png'],
    }),
  ).toEqual([
    'tiles, deadlineMinutes: must be a whole number',
    'tiles, pool.slotsPerNode: must be at least 1',
    'tiles, pool: unknown field `maxnodes`; did you mean `maxNodes`?',
    'tiles, work.merge.outputs[0].to: is missing',
  ]);
});

test('a template that is invalid does not hide the errors of the others', () => {
  expect(
    validationErrorsOf({
      ...split,
      work: { kind: 'split', jobManager: 'node a.mjs', task: { command: 'a && b' }, merge: 7 },
    }),
  ).toEqual([
    'tiles, work.jobManager: must be an object',
    'tiles, work.merge: must be an object',
    `tiles, work.task.command: "&&" has no effect without a shell; write /bin/sh -c '…' or move the command into a script in the programs folder`,
  ]);
});

test.each<[string, object, string]>([
  ['a missing field', { pool: undefined }, 'pool: is missing'],
  [
    'a misspelt field of the pool',
    { pool: { maxnodes: 2 } },
    'pool: unknown field `maxnodes`; did you mean `maxNodes`?',
  ],
  [
    'two unknown fields',
    { pool: { max: 2, fil: 'pack' } },
    'pool: unknown fields `max`, `fil` (did you mean `fill`?)',
  ],
  ['a fraction', { deadlineMinutes: 60.5 }, 'deadlineMinutes: must be a whole number'],
  [
    'a policy that does not exist',
    { overlap: 'skip' },
    'overlap: must be "forbid", "queue", "replace", "allow" or { allow: n } with n from 1 to 1000',
  ],
  ['a policy that allows no run', { overlap: { allow: 0 } }, 'overlap.allow: must be at least 1'],
  [
    'a kind that does not exist',
    { work: { kind: 'perFile' } },
    'work.kind: must be one of "whole", "split", "perBlob", "sweep", "tasks"; it is "perFile"',
  ],
  [
    'no kind',
    { work: {} },
    'work.kind: is missing; it must be one of "whole", "split", "perBlob", "sweep", "tasks"',
  ],
  [
    'inputs from nowhere',
    { inputs: { from: 'ftp' } },
    'inputs.from: must be one of "container", "previous"; it is "ftp"',
  ],
  [
    'a text that is too long',
    { name: 'daily-sales-report-of-all-shops' },
    'name: must have at most 24 characters',
  ],
  [
    'too many entries',
    { shared: Array.from({ length: 11 }, () => ({ container: 'maps', to: 'maps' })) },
    'shared: must have at most 10 entries',
  ],
  [
    'an empty text',
    { inputs: { container: 'inbox', prefix: '' } },
    'inputs.prefix: must not be empty',
  ],
  [
    'parameters that are no schema',
    { parameters: { day: 'string' } },
    'parameters: must be a schema such as z.strictObject({ width: z.int().default(960) })',
  ],
  [
    'the closest of several images',
    { pool: { image: { publisher: 'a', offer: 'b' } } },
    'pool.image.sku: is missing',
  ],
  [
    'the closest of several mounts',
    { pool: { mounts: [{ of: { container: 'A' }, at: 'a' }] } },
    'pool.mounts[0].of.container: must be a container name: 3 to 63 lower-case letters, digits and single hyphens, such as "sales-in"',
  ],
  [
    'a price of nothing',
    { pool: { pricePerNodeHour: 0 } },
    'pool.pricePerNodeHour: must be more than 0',
  ],
  [
    'a price without its pair',
    { pool: { pricePerNodeHour: { spot: 1 } } },
    'pool.pricePerNodeHour.dedicated: is missing',
  ],
  [
    'a value of a sweep',
    { work: { kind: 'sweep', task: echo, over: { SEED: [null] } } },
    'work.over.SEED[0]: must be text, or a number, or true or false',
  ],
])('%s is reported in plain words', (_what, fields, error) => {
  expect(validationErrorsOf({ ...whole, ...fields })).toEqual([
    error.startsWith('name:') ? `daily-sales-report-of-all-shops, ${error}` : `hello, ${error}`,
  ]);
});

test('messages of a schema for parameters are the same', () => {
  const parameters = z.strictObject({ width: z.int().min(64) });

  expect(
    validationErrorsOf({ ...whole, parameters, triggers: { schedule: '0 0 2 * * 9' } }),
  ).toEqual([
    'hello, triggers.schedule: "9" is not a valid day of week; it must be 0 to 7, *, a-b, */n, FRI#2 (the second Friday), FRI#L (the last), or a list of these with commas',
    'hello, parameters.width: needs a default, since runs that a trigger starts are given no parameters',
  ]);
});
