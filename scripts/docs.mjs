// Writes the tables of docs that repeat what the code says: the fields of a declaration with the
// doc comments of their schemas, the app settings, the commands of the command line, the parts of Batch that the
// stand-in imitates. Each stands between two marks,
// `<!-- begin name -->` and `<!-- end name -->`; the text around them is written by hand.
//
//   node scripts/docs.mjs [--check]
//
// With --check it writes nothing, names the files that are not up to date, and fails.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readArguments } from './arguments.mjs';
import { commentsOf, declarationsIn } from './docs/field-comments.mjs';
import { load } from './docs/load.mjs';
import { cell, fieldRows } from './docs/schema-table.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values } = readArguments({
  usage: `node scripts/docs.mjs [--check]
  Writes the tables of docs that repeat what the code says.
  --check    write nothing, name the files that are not up to date, and fail
`,
  options: { check: { type: 'boolean', default: false } },
});

const { workloadSchema } = load(root, 'src/workload/workload.ts');
const { scheduleFields } = load(root, 'src/workload/schedule-schema.ts');
const { settingRows } = load(root, 'src/settings.ts');
const { describedCommands, describedExitCodes } = load(root, 'src/cli/describe.ts');
const { fidelityTable } = load(root, 'local/batch/fidelity.ts');
const { shape } = workloadSchema;

/** The schema files, from which the comments come. Names of declarations are theirs alone. */
const declarations = new Map(
  [
    'workload',
    'schedule-schema',
    'work-schema',
    'pool-schema',
    'task-schema',
    'prepare-schema',
    'notify-schema',
    'fields',
  ].flatMap((name) => [
    ...declarationsIn(readFileSync(path.join(root, `src/workload/${name}.ts`), 'utf8')),
  ]),
);

/** The schema inside optional, default and other wrappers. */
function inner(schema) {
  let found = schema;
  while (found.def.innerType !== undefined) found = found.def.innerType;
  return found;
}

/** The alternatives of a union, each by the literal of its discriminator. */
function option(union, key, literal) {
  return inner(union).options.find((one) => inner(one.shape[key]).def.values?.[0] === literal);
}

/** The entry of a list. */
function entry(schema) {
  return inner(schema).element;
}

/** The rows for a schema, with the comments of the declaration of this name. */
function fields(schema, name, options = {}) {
  return fieldRows(z, inner(schema), commentsOf(declarations, name), options);
}

const pool = shape.pool.shape;
const work = (kind, schema) =>
  fields(option(shape.work, 'kind', kind), schema, {
    prefix: 'work.',
    without: ['kind'],
    links: taskLinks,
  });
const taskLinks = {
  jobManager: ['task', '#a-task'],
  task: ['task', '#a-task'],
  merge: ['task', '#merge'],
  tasks: ['list of objects', '#tasks'],
  container: ['object', '#container'],
  outputs: ['list of objects', '#entries-of-outputs'],
  packages: ['list of objects', '#entries-of-packages'],
};
const task = option(shape.work, 'kind', 'whole').shape.jobManager;
const perBlob = option(shape.work, 'kind', 'perBlob').shape;
const listed = entry(option(shape.work, 'kind', 'tasks').shape.tasks);
const taskFields = Object.keys(task.shape);

/** Every generated table by the name of its marks. */
const tables = {
  workload: fields(workloadSchema, 'workloadSchema', {
    links: {
      triggers: ['object', '#triggers'],
      inputs: ['object', '#inputs'],
      pool: ['object', '#the-pool'],
      shared: ['list of objects', '#shared-data'],
      notify: ['list of objects', '#notices'],
      prepare: ['object', '#preparation-and-release'],
      release: ['object', '#preparation-and-release'],
      work: ['object', '#work'],
    },
  }),
  triggers: fields(shape.triggers, 'triggersSchema', { prefix: 'triggers.' }),
  'triggers.schedule': fields(scheduleFields, 'scheduleFields', {
    prefix: 'triggers.schedule.',
  }),
  'triggers.blob': fields(inner(shape.triggers).shape.blob, 'blobTriggerSchema', {
    prefix: 'triggers.blob.',
  }),
  'inputs.container': fields(option(shape.inputs, 'from', 'container'), 'containerInputsSchema', {
    prefix: 'inputs.',
  }),
  'inputs.previous': fields(option(shape.inputs, 'from', 'previous'), 'previousInputsSchema', {
    prefix: 'inputs.',
  }),
  pool: fields(shape.pool, 'poolSchema', {
    prefix: 'pool.',
    links: {
      setup: ['object', '#poolsetup'],
      mounts: ['list of objects', '#entries-of-poolmounts'],
      registries: ['list of objects', '#entries-of-poolregistries'],
      packages: ['list of objects', '#entries-of-packages'],
    },
  }),
  'pool.setup': fields(pool.setup, 'setupSchema', { prefix: 'pool.setup.' }),
  'pool.mounts': fields(entry(pool.mounts), 'mountSchema'),
  'pool.registries': fields(entry(pool.registries), 'registrySchema'),
  packages: fields(entry(pool.packages), 'packageSchema'),
  shared: fields(entry(shape.shared), 'sharedSchema'),
  notify: fields(entry(shape.notify), 'notifySchema'),
  prepare: fields(shape.prepare, 'prepareSchema', { prefix: 'prepare.', links: taskLinks }),
  release: fields(shape.release, 'releaseSchema', { prefix: 'release.', links: taskLinks }),
  'work.whole': work('whole', 'wholeSchema'),
  'work.split': work('split', 'splitSchema'),
  'work.perBlob': work('perBlob', 'perBlobSchema'),
  'work.sweep': work('sweep', 'sweepSchema'),
  'work.tasks': work('tasks', 'listSchema'),
  listed: fields(listed, 'listedSchema', { links: taskLinks }),
  merge: fields(perBlob.merge, 'mergeSchema', { without: taskFields }),
  task: fields(task, 'taskSchema', { links: taskLinks }),
  outputs: fields(entry(task.shape.outputs), 'outputSchema'),
  container: fields(task.shape.container, 'containerSchema', { prefix: 'container.' }),
  settings: settingTable(),
  fidelity: fidelityTable(),
  commands: [
    '| command | what it does |',
    '| --- | --- |',
    ...describedCommands().map(({ call, description }) => `| \`${call}\` | ${cell(description)} |`),
  ],
  'exit-codes': [
    '| exit code | meaning |',
    '| --- | --- |',
    ...describedExitCodes().map(([code, meaning]) => `| ${code} | ${cell(meaning)} |`),
  ],
};

function settingTable() {
  const rows = Object.entries(settingRows).map(([name, [schema, meaning]]) => {
    const missing = schema.safeParse(undefined);
    const value = missing.success ? schema.def.defaultValue : undefined;
    const shown = ['string', 'number'].includes(typeof value) ? `\`${value}\`` : '–';
    return `| \`${name}\` | ${missing.success ? shown : '**required**'} | ${cell(meaning)} |`;
  });
  return [
    '| setting | default | meaning |',
    '| --- | --- | --- |',
    ...rows,
    '| `SCHEDULE_<WORKLOAD>` | as declared | another schedule for a workload: `SCHEDULE_NIGHTLY_REPORT` for `nightly-report` |',
  ];
}

const stale = [];
const pages = [
  'docs/reference/workload.md',
  'docs/reference/settings.md',
  'docs/command-line.md',
  'local/batch/README.md',
];
for (const file of pages) {
  const target = path.join(root, file);
  const before = readFileSync(target, 'utf8');
  const after = before.replaceAll(
    /(<!-- begin (\S+) -->\n)[\s\S]*?(<!-- end \2 -->)/g,
    (_, begin, name, end) => `${begin}${tableOf(name).join('\n')}\n${end}`,
  );
  if (after === before) continue;
  stale.push(file);
  if (!values.check) writeFileSync(target, after);
}

/** Each table is used once, so that what is left at the end belongs to no page. */
function tableOf(name) {
  const table = tables[name];
  if (table === undefined) throw new Error(`no table is called ${name}, or it is there twice`);
  delete tables[name];
  return table;
}

const unused = Object.keys(tables);
if (unused.length > 0) throw new Error(`these tables are on no page: ${unused.join(', ')}`);
if (values.check) {
  for (const file of stale) process.stdout.write(`${file} is not up to date: npm run docs\n`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const file of stale) process.stdout.write(`${file} written\n`);
}
