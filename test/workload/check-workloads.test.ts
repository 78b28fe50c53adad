import { expect, test } from 'vitest';
import { z } from 'zod';
import { type WorkloadDeclaration } from '../../src/workload/workload';
import { echo, whole } from '../run/given';
import { checkWorkloads } from '../../src/workload/check-workloads';

/** Runs that could never succeed, or never stop, are mistakes when the app starts. */

function mistakesOf(...declarations: readonly WorkloadDeclaration[]): readonly string[] {
  try {
    checkWorkloads(declarations);
    return [];
  } catch (error) {
    const [, ...lines] = String(error).split('\n');
    return lines.map((line) => line.trim());
  }
}

function named(name: string, after?: string, more: object = {}): WorkloadDeclaration {
  return { ...whole, name, triggers: after === undefined ? {} : { after }, ...more };
}

test('a workload has no place for an account or a credential, which the settings alone have [PY1, NB14]', () => {
  const registry = { server: 'r.azurecr.io', user: 'puller', password: 'plain' };
  const misplaced = {
    ...whole,
    accountKey: 'plain',
    pool: { registries: [registry], connectionString: 'plain' },
  } as unknown as WorkloadDeclaration;

  const mistakes = mistakesOf(misplaced);

  expect(mistakes.map((line) => line.split(': ')[0])).toEqual([
    'workload hello, pool.registries[0].secret',
    'workload hello, pool.registries[0]',
    'workload hello, pool',
    'workload hello, the declaration',
  ]);
  expect(mistakes.join('\n')).not.toContain('plain');
});

test('a workload may follow another one, and others that one', () => {
  expect(mistakesOf(named('c', 'b'), named('b', 'a'), named('d', 'b'), named('a'))).toEqual([]);
});

test('a workload that follows one that is not there is named', () => {
  expect(mistakesOf(named('a', 'b'))).toEqual([
    'workload a, triggers.after: no workload is called b',
  ]);
});

test('one that is there and has mistakes of its own is not called missing', () => {
  expect(mistakesOf(named('a', 'b'), named('b', undefined, { deadlineMinutes: 1 }))).toEqual([
    expect.stringContaining('workload b, deadlineMinutes:'),
    expect.stringContaining('workload b, work.jobManager.maxMinutes:'),
  ]);
});

test('workloads that would start each other for ever are named once, with their circle', () => {
  expect(mistakesOf(named('x', 'b'), named('a', 'c'), named('b', 'a'), named('c', 'b'))).toEqual([
    'workload a, triggers.after: would start itself for ever: a after c after b after a',
  ]);
  expect(mistakesOf(named('a', 'a'))).toEqual([
    'workload a, triggers.after: would start itself for ever: a after a',
  ]);
});

test('what takes the outputs of a run before it must follow one, and only follow', () => {
  const inputs = { from: 'previous' };

  expect(mistakesOf(named('a', undefined, { inputs }))).toEqual([
    'workload a, inputs.from: "previous" means the run that this one follows; name its workload in triggers.after',
  ]);
  expect(
    mistakesOf(
      named('a', 'b', { inputs, triggers: { after: 'b', schedule: '0 0 2 * * *' } }),
      named('b'),
    ),
  ).toEqual([
    'workload a, triggers.schedule: a run that a schedule starts follows none, whose outputs it could take',
  ]);
});

test('outputs that are gone when their run ends cannot be taken', () => {
  const inputs = { from: 'previous' };

  expect(
    mistakesOf(named('a', 'b', { inputs }), named('b', undefined, { keepOutputsDays: 0 })),
  ).toEqual([
    'workload a, inputs.from: the outputs of b are gone when it ends; raise its keepOutputsDays',
  ]);
});

test('a trigger has no parameters to give, so each needs a default', () => {
  const parameters = z.strictObject({ title: z.string(), size: z.int().default(3) });

  expect(mistakesOf(named('a', undefined, { parameters }))).toEqual([]);
  expect(
    mistakesOf(named('a', undefined, { parameters, triggers: { schedule: '0 0 2 * * *' } })),
  ).toEqual([
    'workload a, parameters.title: has no default, which a run that a trigger starts would need',
  ]);
});

test('a container is where inputs come from unless something else is said', () => {
  const [workload] = checkWorkloads([
    named('a', undefined, { inputs: { container: 'inbox' } }),
  ]).values();

  expect(workload?.inputs).toMatchObject({ from: 'container', container: 'inbox', endsWith: [] });
});

test('a blob trigger needs a container of its own', () => {
  const both = {
    triggers: { after: 'b', blob: { container: 'inbox' } },
    inputs: { from: 'previous' },
  };

  expect(mistakesOf(named('a', 'b', both), named('b'))).toEqual([
    'workload a, inputs.container: must be "inbox", the container of the blob trigger',
  ]);
});

const sweep = { kind: 'sweep', task: echo, over: { SEED: [1, 2] } };

test.each<[string, object, string]>([
  [
    'a value that is none',
    { ...sweep, over: { SEED: 'all' } },
    'work.over.SEED: must be a list of values, or a range such as { from: 1, to: 10, step: 1 }',
  ],
  [
    'a name that is taken',
    { ...sweep, over: { UNITS: [1] } },
    'work.over.UNITS: must be upper-case letters, digits and _, and none that Batch or the app sets (AZ_BATCH_…, RUN_ID, RUN_STARTED_AT, RUN_FOLLOWS, UNITS)',
  ],
  [
    'more tasks than it may have',
    { ...sweep, over: { A: { from: 1, to: 20_001 } } },
    'work.over: makes 20001 combinations, more than 10000; take fewer values, raise maxTasks or chunk',
  ],
  [
    'a chunk beyond bounds',
    { ...sweep, chunk: 1001 },
    'work.chunk: Too big: expected number to be <=1000',
  ],
  [
    'a share above the whole',
    { ...sweep, tolerateFailed: 1.5 },
    'work.tolerateFailed: Too big: expected number to be <=1',
  ],
  [
    'tolerance beside a merge',
    { ...sweep, merge: echo, tolerateFailed: 0.1 },
    'work.tolerateFailed: is for work without a merge; a merge states its quorum',
  ],
  [
    'an id that is too long',
    { kind: 'tasks', task: echo, tasks: [{ id: 'x'.repeat(65) }] },
    'work.tasks[0].id: must be 1 to 64 letters, digits, - or _',
  ],
  [
    'an id that is taken',
    { kind: 'tasks', task: echo, tasks: [{ id: 'Merge' }] },
    'work.tasks[0].id: is taken by Nightshift itself',
  ],
  [
    'an unknown task to wait for',
    { kind: 'tasks', task: echo, tasks: [{ id: 'a', after: ['b'] }] },
    'work.tasks[0].after: no task is called b',
  ],
  [
    'a circle',
    { kind: 'tasks', task: echo, tasks: [{ id: 'a', after: ['a'] }] },
    'work.tasks: none of these could ever begin, each waits for the next: a → a',
  ],
  [
    'a task without a template',
    { kind: 'tasks', tasks: [{ id: 'a' }] },
    'work.tasks[0].task: missing: there is no work.task either',
  ],
  [
    'a listed task wider than a node',
    { kind: 'tasks', tasks: [{ id: 'a', task: { ...echo, slots: 2 } }] },
    'work.tasks[0].task.slots: 2 slots fit on no node of 1, so the task would wait for ever; lower it or raise pool.slotsPerNode',
  ],
])('work with %s is a mistake', (_what, work, mistake) => {
  expect(mistakesOf(named('a', undefined, { work }))).toEqual([`workload a, ${mistake}`]);
});

test.each([
  ['a single file of that name', { files: 'outputs/all.txt', to: 'results' }, true],
  ['a single file of another name', { files: 'outputs/some.txt', to: 'results' }, false],
  ['files by a pattern', { files: 'outputs/*.txt', to: 'results' }, true],
  ['files in a folder of each task', { files: 'outputs/*', to: 'results/{task}' }, false],
  ['files in another folder', { files: 'outputs/*', to: 'parts' }, false],
])('a result may come from %s: %o is %s', (_what, output, may) => {
  const work = { kind: 'whole', jobManager: { ...echo, outputs: [output] } };
  const mistakes = mistakesOf(named('a', undefined, { work, results: ['all.txt'] }));

  expect(mistakes).toEqual(
    may
      ? []
      : ['workload a, results[0]: no task brings it: no output of one goes to results/all.txt'],
  );
});
