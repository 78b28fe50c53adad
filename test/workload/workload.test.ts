import { expect, test } from 'vitest';
import { z } from 'zod';
import { type WorkloadDeclaration } from '../../src/workload/workload';
import { nightlyReport } from '../../src/workloads/nightly-report';
import { render } from '../../src/workloads/render';
import { checked, echo, perBlob, split, whole } from '../run/given';
import { checkWorkloads } from '../../src/workload/check-workloads';
import { formatPath } from '../../src/workload/validation';

/** Every mistake of these declarations, a line each. */
function mistakesOf(...declarations: readonly unknown[]): readonly string[] {
  try {
    checkWorkloads(declarations as WorkloadDeclaration[]);
    return [];
  } catch (error) {
    const [, ...lines] = String(error).split('\n');
    return lines.map((line) => line.trim());
  }
}

function jobManager(template: object): object {
  return { ...whole, work: { kind: 'whole', jobManager: { ...echo, ...template } } };
}

test('the smallest declaration is filled in with Spot-sized, one-node, retrying defaults [RS2, RS4, RS7]', () => {
  expect(checked(whole)).toEqual({
    name: 'hello',
    description: 'Says hello',
    triggers: {},
    overlap: 'forbid',
    deadlineMinutes: 180,
    parameters: expect.any(z.ZodObject),
    pool: {
      containerImages: [],
      registries: [],
      maxNodes: 1,
      slotsPerNode: 1,
      dedicatedNodes: 0,
      maxWaitMinutes: 60,
      interNode: false,
      mounts: [],
      packages: [],
    },
    shared: [],
    locale: 'C.UTF-8',
    logEncoding: 'utf-8',
    priority: 0,
    work: {
      kind: 'whole',
      jobManager: {
        command: 'echo hello',
        programs: [],
        environment: {},
        reads: [],
        secrets: [],
        outputs: [],
        slots: 1,
        retries: 3,
        maxMinutes: 60,
        elevated: false,
        user: 'task',
        packages: [],
      },
    },
    results: [],
    keepOutputsDays: 30,
    keepRecordsDays: 400,
  });
});

test('the declarations of the app and of these tests have no mistake', () => {
  expect(mistakesOf(nightlyReport, render, whole, split, perBlob)).toEqual([]);
});

test('a set-up script runs as administrator unless it says otherwise, and a task does not [NB7, RS6]', () => {
  const { pool, work } = checked({
    ...whole,
    pool: { setup: { command: '/bin/bash install.sh', programs: ['install.sh'] } },
  });

  expect(pool.setup).toEqual({
    command: '/bin/bash install.sh',
    programs: ['install.sh'],
    environment: {},
    elevated: true,
    retries: 2,
  });
  expect(work.kind === 'whole' && work.jobManager.elevated).toBe(false);
});

test('every mistake of every declaration is named at once, with workload, field and what is right', () => {
  const bad = {
    ...whole,
    name: 'Bad_Name',
    deadlineMinutes: 1,
    colour: 'blue',
    triggers: { schedule: '0 61 * * * *' },
    pool: { vmSize: 'big', slotsPerNode: 0 },
  };

  expect(mistakesOf(bad, { name: 'bare' }, null, whole, whole)).toEqual([
    'workload Bad_Name, name: must be lower-case words joined by single hyphens, such as "nightly-report"',
    'workload Bad_Name, triggers.schedule: "61" is no minute; it must be 0 to 59, *, a-b, */n, or a list of these with commas',
    'workload Bad_Name, deadlineMinutes: Too small: expected number to be >=5',
    'workload Bad_Name, pool.vmSize: must be an Azure VM size such as "standard_d2s_v5"',
    'workload Bad_Name, pool.slotsPerNode: Too small: expected number to be >=1',
    'workload Bad_Name, the declaration: Unrecognized key: "colour"',
    'workload Bad_Name, work.jobManager.slots: 1 slots fit on no node of 0, so the task would wait for ever; lower it or raise pool.slotsPerNode',
    'workload Bad_Name, work.jobManager.maxMinutes: 60 minutes are more than the run has (deadlineMinutes 1); lower it or raise deadlineMinutes',
    'workload bare, description: Invalid input: expected string, received undefined',
    'workload bare, pool: Invalid input: expected object, received undefined',
    'workload bare, work: Invalid input: expected object, received undefined',
    'workload number 3, the declaration: Invalid input: expected object, received null',
    'workload hello, name: another workload has this name; choose another one',
  ]);
});

const path = 'must be a path below the folder, such as "outputs/report.json"';
const program = 'must be a file name in the programs folder';

test.each([
  [
    'an output from above the folder',
    { outputs: [{ files: '../../etc/*', to: 'results' }] },
    'outputs[0].files',
    path,
  ],
  [
    'an output to an absolute path',
    { outputs: [{ files: 'a', to: '/results' }] },
    'outputs[0].to',
    path,
  ],
  ['an output with a backslash', { outputs: [{ files: 'a', to: 'a\\b' }] }, 'outputs[0].to', path],
  ['a folder to read from above', { reads: ['scene/../../x'] }, 'reads[0]', path],
  ['a program with a path', { programs: ['../x.sh'] }, 'programs[0]', program],
  [
    'a lower-case variable',
    { environment: { path: 'x' } },
    'environment.path',
    'must be upper-case letters, digits and _',
  ],
  [
    'a secret with an underscore',
    { secrets: ['a_b'] },
    'secrets[0]',
    'must be a Key Vault secret name: letters, digits and -',
  ],
  ['more retries than help', { retries: 11 }, 'retries', 'Too big: expected number to be <=10'],
])('%s is refused', (_what, template, field, reason) => {
  expect(mistakesOf(jobManager(template))).toEqual([
    `workload hello, work.jobManager.${field}: ${reason}`,
  ]);
});

test('a set-up program is a file name too', () => {
  const setup = { command: '/bin/sh a.sh', programs: ['../../a.sh'] };

  expect(mistakesOf({ ...whole, pool: { setup } })).toEqual([
    `workload hello, pool.setup.programs[0]: ${program}`,
  ]);
});

test('a task wider than its node is refused, for Batch would wait and bill for ever [PI8]', () => {
  const wide = { ...split, work: { ...split.work, merge: { ...echo, slots: 3 } } };

  expect(mistakesOf(wide)).toEqual([
    'workload tiles, work.merge.slots: 3 slots fit on no node of 2, so the task would wait for ever; lower it or raise pool.slotsPerNode',
  ]);
});

test.each([
  ['make && make install', '&&'],
  ['cat a | sort', '|'],
  ['echo $HOME', '$H'],
  ['echo `id`', '`'],
  ['sort < a', '<'],
])('the command %s is refused without a shell [RS23, PY11]', (command, found) => {
  expect(mistakesOf(jobManager({ command }))).toEqual([
    `workload hello, work.jobManager.command: "${found}" means nothing without a shell; write /bin/sh -c '…' or move it into a script of the programs folder`,
  ]);
});

test.each([
  "/bin/sh -c 'make && make install'",
  "bash -c 'cat a | sort'",
  "/usr/bin/bash -ec 'a; b'",
  "/bin/bash -c 'set -euo pipefail; a; b'",
  '/bin/bash install.sh',
  'node report.mjs --title 50%',
])('the command %s is accepted [PY11, PY12]', (command) => {
  expect(mistakesOf(jobManager({ command }))).toEqual([]);
});

test('steps whose failure a shell would pass over are refused, also in the set-up [PY12, PY13]', () => {
  const command = "/bin/sh -c 'make; make install'";
  const reason =
    "a step that fails would be passed over; join the steps with && or write /bin/sh -ec '…'";

  expect(mistakesOf({ ...jobManager({ command }), pool: { setup: { command } } })).toEqual([
    `workload hello, work.jobManager.command: ${reason}`,
    `workload hello, pool.setup.command: ${reason}`,
  ]);
});

test('where one task is a container, or the pool fetches an image, all tasks are containers [NB1]', () => {
  const container = { image: 'busybox:1.36' };
  const images = { containerImages: ['busybox:1.36'] };
  const mixed = { kind: 'split', jobManager: echo, task: { ...echo, container } };

  const missing =
    'missing: a pool that runs containers takes no other task; give this one a container too';
  expect(mistakesOf({ ...split, work: mixed }, { ...whole, pool: images })).toEqual([
    `workload tiles, work.jobManager.container: ${missing}`,
    `workload hello, work.jobManager.container: ${missing}`,
  ]);
  expect(mistakesOf(jobManager({ container }))).toEqual([]);
});

test('an empty command is for a container, whose image has one [NB3]', () => {
  const container = { image: 'busybox:1.36' };
  const image = jobManager({ command: '', container });

  expect(mistakesOf(image, { ...jobManager({ command: ' ' }), name: 'other' })).toEqual([
    'workload other, work.jobManager.command: must not be empty; only a container task may leave the command to its image',
  ]);
});

test('tasks by blob need a container to find blobs in', () => {
  const { inputs: _inputs, ...bare } = perBlob;

  expect(mistakesOf(bare)).toEqual([
    'workload meshes, inputs: missing: "perBlob" makes one task for each input blob',
  ]);
});

test('a blob trigger starts runs only for what the run takes', () => {
  const elsewhere = { ...perBlob, name: 'a', triggers: { blob: { container: 'outbox' } } };
  const every = { ...perBlob, name: 'b', triggers: { blob: { container: 'inbox' } } };
  const other = {
    ...perBlob,
    name: 'c',
    triggers: { blob: { container: 'inbox', endsWith: ['.OBJ', 'fine.ply', '.stl'] } },
  };

  expect(mistakesOf(elsewhere, every, other)).toEqual([
    'workload a, inputs.container: must be "outbox", the container of the blob trigger',
    'workload b, inputs.endsWith: does not take what the blob trigger starts a run for (every blob); list it in both or in neither',
    'workload c, inputs.endsWith: does not take what the blob trigger starts a run for (.OBJ, .stl); list it in both or in neither',
  ]);
});

test('a parameter that could not become an environment variable is refused', () => {
  const parameters = z.strictObject({ 'page size': z.int(), width: z.int() });

  expect(mistakesOf({ ...whole, parameters })).toEqual([
    'workload hello, parameters.page size: becomes an environment variable; its name must be letters, digits and _',
  ]);
});

test('a field is written as one would write it in the declaration', () => {
  expect(formatPath(['work', 'task', 'outputs', 0, 'to'], 'it')).toBe('work.task.outputs[0].to');
  expect(formatPath([], 'it')).toBe('it');
});
