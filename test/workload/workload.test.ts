import { expect, test } from 'vitest';
import { z } from 'zod';
import { nightlyReport } from '../../src/workloads/nightly-report';
import { render } from '../../src/workloads/render';
import type { Triggers } from '../../src/workload/workload';
import { checked, echo, perBlob, split, whole } from '../run/given';
import { validationErrorsOf } from './validation-errors';
import { formatPath } from '../../src/workload/validation';

function jobManager(template: object): object {
  return { ...whole, work: { kind: 'whole', jobManager: { ...echo, ...template } } };
}

test('the smallest declaration is filled in with Spot-sized, one-node, retrying defaults [RS2, RS4, RS7]', () => {
  expect(checked(whole)).toEqual({
    name: 'hello',
    description: 'Says hello',
    triggers: {},
    notify: [],
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

test('the declarations of the app and of these tests have no validation error', () => {
  expect(validationErrorsOf(nightlyReport, render, whole, split, perBlob)).toEqual([]);
});

test('a set-up script runs as administrator by default, and a task does not [NB7, RS6]', () => {
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
    maxMinutes: 30,
  });
  expect(work.kind === 'whole' && work.jobManager.elevated).toBe(false);
});

test('every validation error of every declaration is reported at once, with workload, field and what is valid', () => {
  const bad = {
    ...whole,
    name: 'Bad_Name',
    deadlineMinutes: 1,
    colour: 'blue',
    triggers: { schedule: '0 61 * * * *' },
    pool: { vmSize: 'big', slotsPerNode: 0 },
  };

  expect(validationErrorsOf(bad, { name: 'bare' }, null, whole, whole)).toEqual([
    'Bad_Name, name: must be lower-case words joined by single hyphens, such as "nightly-report"',
    'Bad_Name, triggers.schedule: "61" is not a valid minute; it must be 0 to 59, *, a-b, */n, or a list of these with commas',
    'Bad_Name, deadlineMinutes: must be at least 5',
    'Bad_Name, pool.vmSize: must be an Azure VM size such as "standard_d2s_v5"',
    'Bad_Name, pool.slotsPerNode: must be at least 1',
    'Bad_Name, the declaration: unknown field `colour`',
    'bare, description: is missing',
    'bare, pool: is missing',
    'bare, work: is missing',
    'workload number 3, the declaration: must be an object',
    'hello, name: another workload has this name; choose a different one',
  ]);
});

const path = 'must be a path below the folder, such as "outputs/report.json"';
const program = 'must be the name of a file in the programs folder';

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
  ['too many retries', { retries: 11 }, 'retries', 'must be at most 10'],
])('%s is a validation error', (_what, template, field, reason) => {
  expect(validationErrorsOf(jobManager(template))).toEqual([
    `hello, work.jobManager.${field}: ${reason}`,
  ]);
});

test('a set-up program is a file name too', () => {
  const setup = { command: '/bin/sh a.sh', programs: ['../../a.sh'] };

  expect(validationErrorsOf({ ...whole, pool: { setup } })).toEqual([
    `hello, pool.setup.programs[0]: ${program}`,
  ]);
});

test('a task wider than its node is a validation error, since Batch would wait and bill forever [PI8]', () => {
  const wide = { ...split, work: { ...split.work, merge: { ...echo, slots: 3 } } };

  expect(validationErrorsOf(wide)).toEqual([
    'tiles, work.merge.slots: 3 slots do not fit on a node with 2, so the task would never start; lower it or raise pool.slotsPerNode',
  ]);
});

test.each([
  ['make && make install', '&&'],
  ['cat a | sort', '|'],
  ['echo $HOME', '$H'],
  ['echo `id`', '`'],
  ['sort < a', '<'],
])('the command %s is a validation error without a shell [RS23, PY11]', (command, found) => {
  expect(validationErrorsOf(jobManager({ command }))).toEqual([
    `hello, work.jobManager.command: "${found}" has no effect without a shell; write /bin/sh -c '…' or move the command into a script in the programs folder`,
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
  expect(validationErrorsOf(jobManager({ command }))).toEqual([]);
});

test('shell steps whose failure would be ignored are validation errors, in the set-up too [PY12, PY13]', () => {
  const command = "/bin/sh -c 'make; make install'";
  const reason =
    "a step that fails would be ignored; join the steps with && or write /bin/sh -ec '…'";

  expect(validationErrorsOf({ ...jobManager({ command }), pool: { setup: { command } } })).toEqual([
    `hello, work.jobManager.command: ${reason}`,
    `hello, pool.setup.command: ${reason}`,
  ]);
});

test('when one task is a container, or the pool pulls an image, all tasks must be containers [NB1]', () => {
  const container = { image: 'busybox:1.36' };
  const images = { containerImages: ['busybox:1.36'] };
  const mixed = { kind: 'split', jobManager: echo, task: { ...echo, container } };

  const missing =
    'is missing: a pool that runs containers runs no other tasks; give this task a container too';
  expect(validationErrorsOf({ ...split, work: mixed }, { ...whole, pool: images })).toEqual([
    `tiles, work.jobManager.container: ${missing}`,
    `hello, work.jobManager.container: ${missing}`,
  ]);
  expect(validationErrorsOf(jobManager({ container }))).toEqual([]);
});

test('an empty command is for container tasks only, whose image has one [NB3]', () => {
  const container = { image: 'busybox:1.36' };
  const image = jobManager({ command: '', container });

  expect(validationErrorsOf(image, { ...jobManager({ command: ' ' }), name: 'other' })).toEqual([
    'other, work.jobManager.command: must not be empty; only a container task may run the command of its image',
  ]);
});

test('one task for each blob needs inputs', () => {
  const { inputs: _inputs, ...bare } = perBlob;

  expect(validationErrorsOf(bare)).toEqual([
    'meshes, inputs: is missing: "perBlob" makes one task for each input blob',
  ]);
});

test('a blob trigger must not start runs for blobs that the run excludes', () => {
  const elsewhere = { ...perBlob, name: 'a', triggers: { blob: { container: 'outbox' } } };
  const every = { ...perBlob, name: 'b', triggers: { blob: { container: 'inbox' } } };
  const other = {
    ...perBlob,
    name: 'c',
    triggers: { blob: { container: 'inbox', endsWith: ['.OBJ', 'fine.ply', '.stl'] } },
  };

  expect(validationErrorsOf(elsewhere, every, other)).toEqual([
    'a, inputs.container: must be "outbox", the container of the blob trigger',
    'b, inputs.endsWith: excludes blobs that the blob trigger starts a run for (every blob); list the same endings in both or in neither',
    'c, inputs.endsWith: excludes blobs that the blob trigger starts a run for (.OBJ, .stl); list the same endings in both or in neither',
  ]);
});

test('a parameter whose name cannot be that of an environment variable is a validation error', () => {
  const parameters = z.strictObject({ 'page size': z.int(), width: z.int() });

  expect(validationErrorsOf({ ...whole, parameters })).toEqual([
    'hello, parameters.page size: becomes an environment variable; its name must be letters, digits and _',
  ]);
});

test('a field is shown as in the source of the declaration', () => {
  expect(formatPath(['work', 'task', 'outputs', 0, 'to'], 'it')).toBe('work.task.outputs[0].to');
  expect(formatPath([], 'it')).toBe('it');
});

test('a schedule is an expression, an object, or a list of both [RS1, RS25]', () => {
  const scheduleOf = (triggers: Triggers) => checked({ ...whole, triggers }).triggers.schedule;
  const nightly = { cron: '0 0 2 * * *', catchUp: 'last', exclude: [], jitterMinutes: 0 };
  const full = {
    cron: '0 6 * * 1-5',
    timeZone: 'Europe/Berlin',
    from: '2027-01-01',
    until: '2027-12-31',
    exclude: ['2027-12-24', '0 6 1 * *'],
    jitterMinutes: 15,
    catchUp: 'all' as const,
    catchUpHours: 12,
    startWithinMinutes: 60,
  };

  expect(scheduleOf({ schedule: '0 0 2 * * *' })).toEqual([nightly]);
  expect(scheduleOf({ schedule: { cron: '0 0 2 * * *' } })).toEqual([nightly]);
  expect(scheduleOf({ schedule: ['0 0 2 * * *', full] })).toEqual([nightly, full]);
});

test('a schedule object with a validation error is named with its field', () => {
  const errorsOf = (schedule: object) => validationErrorsOf({ ...whole, triggers: { schedule } });

  expect([
    ...errorsOf({ cron: '0 0 25 * * *' }),
    ...errorsOf({ cron: '0 0 2 * * *', catchUp: 'some' }),
    ...errorsOf({ cron: '0 0 2 * * *', timeZone: 'Mars' }),
    ...errorsOf({ cron: '0 0 2 * * *', from: '1 May' }),
    ...errorsOf({ cron: '0 0 2 * * *', exclude: ['Christmas'] }),
    ...errorsOf({ cron: '0 0 2 * * *', zone: 'UTC' }),
    ...errorsOf({ cron: '0 0 2 * * *', from: '2027-02-01', until: '2027-01-31' }),
  ]).toEqual([
    'hello, triggers.schedule.cron: "25" is not a valid hour; it must be 0 to 23, *, a-b, */n, or a list of these with commas',
    'hello, triggers.schedule.catchUp: must be one of "none", "last", "all"; it is "some"',
    'hello, triggers.schedule.timeZone: must be an IANA time zone such as Europe/Berlin',
    'hello, triggers.schedule.from: must be a day as YYYY-MM-DD',
    'hello, triggers.schedule.exclude[0]: must be a day as YYYY-MM-DD or a cron expression; "Christmas" has 1 field; a schedule has six as in NCRONTAB, seconds first ("0 0 2 * * *" is 02:00 each day), or five as in a crontab',
    'hello, triggers.schedule: unknown field `zone`',
    'hello, triggers.schedule.until: must not be before `from`, or the schedule is never due',
  ]);
});
