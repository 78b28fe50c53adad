import { expect, test } from 'vitest';
import { z } from 'zod';
import { type WorkloadDeclaration } from '../../src/workload/workload';
import { echo, whole } from '../run/given';
import { checkWorkloads } from '../../src/workload/check-workloads';
import { validationErrorsOf } from './validation-errors';

function named(name: string, after?: string, more: object = {}): WorkloadDeclaration {
  return { ...whole, name, triggers: after === undefined ? {} : { after }, ...more };
}

test('a workload has no field for an account or a credential, which belong to the settings [PY1, NB14]', () => {
  const registry = { server: 'r.azurecr.io', user: 'puller', password: 'plain' };
  const misplaced = {
    ...whole,
    accountKey: 'plain',
    pool: { registries: [registry], connectionString: 'plain' },
  } as unknown as WorkloadDeclaration;

  const errors = validationErrorsOf(misplaced);

  expect(errors.map((line) => line.split(': ')[0])).toEqual([
    'hello, pool.registries[0].secret',
    'hello, pool.registries[0]',
    'hello, pool',
    'hello, the declaration',
  ]);
  expect(errors.join('\n')).not.toContain('plain');
});

test('a workload may follow another one, and others may follow it', () => {
  expect(validationErrorsOf(named('c', 'b'), named('b', 'a'), named('d', 'b'), named('a'))).toEqual(
    [],
  );
});

test('a workload that follows an unknown workload is a validation error', () => {
  expect(validationErrorsOf(named('a', 'b'))).toEqual([
    'a, triggers.after: no workload is called b',
  ]);
});

test('a workload with validation errors of its own is not reported as unknown', () => {
  expect(
    validationErrorsOf(named('a', 'b'), named('b', undefined, { deadlineMinutes: 1 })),
  ).toEqual(['b, deadlineMinutes: must be at least 5']);
});

test('workloads that would start each other forever are reported once, with their cycle', () => {
  expect(
    validationErrorsOf(named('x', 'b'), named('a', 'c'), named('b', 'a'), named('c', 'b')),
  ).toEqual(['a, triggers.after: would start itself forever: a after c after b after a']);
  expect(validationErrorsOf(named('a', 'a'))).toEqual([
    'a, triggers.after: would start itself forever: a after a',
  ]);
});

test('a workload may wait for several that have schedules, or wait for several themselves', () => {
  const all = (...names: string[]) => ({ triggers: { after: { all: names } } });

  expect(
    validationErrorsOf(
      daily('a'),
      daily('b'),
      named('c', undefined, all('a', 'b')),
      named('d', undefined, all('c', 'a')),
    ),
  ).toEqual([]);
});

test.each<[string, object, string]>([
  ['an unknown one', { all: ['a', 'x'] }, 'triggers.after: no workload is called x'],
  ['one alone', { all: ['a'] }, 'triggers.after.all: must have at least 2 entries'],
  ['one twice', { all: ['a', 'a'] }, 'triggers.after: a is named twice'],
  ['itself', { all: ['a', 'c'] }, 'triggers.after: would start itself forever: c after c'],
  [
    'one without due times',
    { all: ['a', 'b'] },
    "triggers.after: b has no schedule, and a run that waits for several is of a due time that they have in common; give b a schedule, or follow it alone: after: 'b'",
  ],
])('a workload that waits for several cannot wait for %s', (_what, after, error) => {
  expect(
    validationErrorsOf(daily('a'), named('b'), named('c', undefined, { triggers: { after } })),
  ).toEqual([`c, ${error}`]);
});

test('a cycle through workloads that wait for several is reported once', () => {
  const after = (...names: string[]) => ({ triggers: { after: { all: names } } });

  expect(
    validationErrorsOf(
      daily('a'),
      named('b', undefined, after('a', 'd')),
      named('c', undefined, after('a', 'b')),
      named('d', undefined, after('c', 'a')),
    ),
  ).toEqual(['b, triggers.after: would start itself forever: b after d after c after b']);
});

function daily(name: string): WorkloadDeclaration {
  return named(name, undefined, { triggers: { schedule: '0 0 2 * * *' } });
}

test('a workload with the outputs of the previous run as inputs must follow another, and have no schedule', () => {
  const inputs = { from: 'previous' };

  expect(validationErrorsOf(named('a', undefined, { inputs }))).toEqual([
    'a, inputs.from: "previous" means the run that this run follows; name its workload in triggers.after',
  ]);
  expect(
    validationErrorsOf(
      named('a', 'b', { inputs, triggers: { after: 'b', schedule: '0 0 2 * * *' } }),
      named('b'),
    ),
  ).toEqual([
    'a, triggers.schedule: a scheduled run follows no other run, so it has no previous outputs; leave out the schedule or inputs.from',
  ]);
});

test('outputs that are deleted when their run ends cannot be inputs', () => {
  const inputs = { from: 'previous' };

  expect(
    validationErrorsOf(named('a', 'b', { inputs }), named('b', undefined, { keepOutputsDays: 0 })),
  ).toEqual([
    'a, inputs.from: the outputs of b are deleted when its run ends; raise its keepOutputsDays',
  ]);
});

test('each parameter of a triggered workload needs a default', () => {
  const parameters = z.strictObject({ title: z.string(), size: z.int().default(3) });

  expect(validationErrorsOf(named('a', undefined, { parameters }))).toEqual([]);
  expect(
    validationErrorsOf(
      named('a', undefined, { parameters, triggers: { schedule: '0 0 2 * * *' } }),
    ),
  ).toEqual([
    'a, parameters.title: needs a default, since runs that a trigger starts are given no parameters',
  ]);
});

test('inputs come from a container by default', () => {
  const [workload] = checkWorkloads([
    named('a', undefined, { inputs: { container: 'inbox' } }),
  ]).values();

  expect(workload?.inputs).toMatchObject({ from: 'container', container: 'inbox', endsWith: [] });
});

test('a blob trigger needs inputs from its container', () => {
  const both = {
    triggers: { after: 'b', blob: { container: 'inbox' } },
    inputs: { from: 'previous' },
  };

  expect(validationErrorsOf(named('a', 'b', both), named('b'))).toEqual([
    'a, inputs.container: must be "inbox", the container of the blob trigger',
  ]);
});

const sweep = { kind: 'sweep', task: echo, over: { SEED: [1, 2] } };

test.each<[string, object, string]>([
  [
    'a value that is not valid',
    { ...sweep, over: { SEED: 'all' } },
    'work.over.SEED: must be a list of values, or a range such as { from: 1, to: 10, step: 1 }',
  ],
  [
    'a reserved name',
    { ...sweep, over: { UNITS: [1] } },
    'work.over.UNITS: must be upper-case letters, digits and _, and none of the variables that Batch or the app sets (AZ_BATCH_…, RUN_ID, RUN_STARTED_AT, RUN_DUE_AT, RUN_INTERVAL_START, RUN_INTERVAL_END, RUN_FOLLOWS, UNITS)',
  ],
  [
    'more tasks than its maximum',
    { ...sweep, over: { A: { from: 1, to: 20_001 } } },
    'work.over: makes 20001 combinations, more than 10000; use fewer values, or raise maxTasks or chunk',
  ],
  ['a chunk beyond bounds', { ...sweep, chunk: 1001 }, 'work.chunk: must be at most 1000'],
  [
    'a share above the whole',
    { ...sweep, tolerateFailed: 1.5 },
    'work.tolerateFailed: must be at most 1',
  ],
  [
    'tolerance beside a merge',
    { ...sweep, merge: echo, tolerateFailed: 0.1 },
    'work.tolerateFailed: is for work without a merge; set work.merge.quorum instead',
  ],
  [
    'an id that is too long',
    { kind: 'tasks', task: echo, tasks: [{ id: 'x'.repeat(65) }] },
    'work.tasks[0].id: must be 1 to 64 letters, digits, - or _',
  ],
  [
    'a reserved id',
    { kind: 'tasks', task: echo, tasks: [{ id: 'Merge' }] },
    'work.tasks[0].id: is reserved by Nightshift',
  ],
  [
    'an unknown dependency',
    { kind: 'tasks', task: echo, tasks: [{ id: 'a', after: ['b'] }] },
    'work.tasks[0].after: no task is called b',
  ],
  [
    'a cycle of dependencies',
    { kind: 'tasks', task: echo, tasks: [{ id: 'a', after: ['a'] }] },
    'work.tasks: these tasks could never start, since each waits for the next: a → a',
  ],
  [
    'a task without a template',
    { kind: 'tasks', tasks: [{ id: 'a' }] },
    'work.tasks[0].task: is missing: there is no work.task either',
  ],
  [
    'a listed task wider than a node',
    { kind: 'tasks', tasks: [{ id: 'a', task: { ...echo, slots: 2 } }] },
    'work.tasks[0].task.slots: 2 slots do not fit on a node with 1, so the task would never start; lower it or raise pool.slotsPerNode',
  ],
])('work with %s is a validation error', (_what, work, error) => {
  expect(validationErrorsOf(named('a', undefined, { work }))).toEqual([`a, ${error}`]);
});

test.each([
  ['a single file of that name', { files: 'outputs/all.txt', to: 'results' }, true],
  ['a single file of another name', { files: 'outputs/some.txt', to: 'results' }, false],
  ['files by a pattern', { files: 'outputs/*.txt', to: 'results' }, true],
  ['files in a folder for each task', { files: 'outputs/*', to: 'results/{task}' }, false],
  ['files in another folder', { files: 'outputs/*', to: 'parts' }, false],
])('a result can come from %s: %o is %s', (_what, output, can) => {
  const work = { kind: 'whole', jobManager: { ...echo, outputs: [output] } };
  const errors = validationErrorsOf(named('a', undefined, { work, results: ['all.txt'] }));

  expect(errors).toEqual(
    can
      ? []
      : ['a, results[0]: no task produces it: none of their outputs goes to results/all.txt'],
  );
});
