import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { allowances, boundaryMistakes, usedIn, type Source } from './boundaries';

const root = join(__dirname, '..');

function sourcesOfProject(): readonly Source[] {
  return globSync(['src/**/*.ts', 'local/**/*.ts'], { cwd: root })
    .sort((one, other) => one.localeCompare(other))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

test('every import of the project points where it may, and time, chance and environment are arguments', () => {
  const sources = sourcesOfProject();

  expect(sources.length).toBeGreaterThan(100);
  expect(boundaryMistakes(sources)).toEqual([]);
});

test('no file is allowed what it does not use', () => {
  const used = sourcesOfProject()
    .filter(({ path }) => path in allowances)
    .map((source) => [source.path, usedIn(source)]);

  expect(Object.fromEntries(used)).toEqual(allowances);
});

const apart = 'src and local meet over HTTP, never by import';

test.each([
  ['src/run/plan.ts', "import { realClock } from '../../local/clock';", 'local/clock', apart],
  ['local/up.ts', "import { planRun } from '../src/run/plan';", 'src/run/plan', apart],
  [
    'local/batch/server.ts',
    "const plan = await import('../../src/run/plan');",
    'src/run/plan',
    apart,
  ],
  ['local/up.ts', "const main = require.resolve('../src/main.js');", 'src/main', apart],
  [
    'src/http.ts',
    "import { MemoryFiles } from './memory-files';",
    'test/memory-files',
    'the app does not know its tests',
  ],
  ['src/http.ts', "import './main';", 'src/main', 'nothing imports the entry point'],
  [
    'src/http.ts',
    "import { registerApp } from './functions';",
    'src/functions',
    'only main.ts imports functions.ts',
  ],
  [
    'src/run/activities.ts',
    "import { BlobServiceClient } from '@azure/storage-blob';",
    '@azure/storage-blob',
    'only src/azure knows @azure/storage-blob',
  ],
  [
    'src/http.ts',
    "import type { BatchServiceClient } from '@azure/batch';",
    '@azure/batch',
    'only src/azure knows @azure/batch',
  ],
  [
    'src/run/activities.ts',
    "import { batchOn } from '../azure/batch';",
    'src/azure/batch',
    'only functions.ts reaches into src/azure, and only for connect.ts',
  ],
  [
    'src/functions.ts',
    "import { batchOn } from './azure/batch';",
    'src/azure/batch',
    'only functions.ts reaches into src/azure, and only for connect.ts',
  ],
  [
    'src/azure/batch.ts',
    "import { planRun } from '../run/plan';",
    'src/run/plan',
    'src/azure sees the ports and their words, nothing else of the app',
  ],
  [
    'src/azure/storage.ts',
    "import type { Settings } from '../settings';",
    'src/settings',
    'src/azure sees the ports and their words, nothing else of the app',
  ],
  [
    'src/run/plan.ts',
    "import { readSettings } from '../settings';",
    'src/settings',
    'src/run sees nothing of what is around it',
  ],
  [
    'src/run/plan.ts',
    "import type { HttpRequest } from '@azure/functions';",
    '@azure/functions',
    'src/run knows no SDK; durable-functions is let in by src/run/steps.ts and src/run/workflow.ts',
  ],
  [
    'src/run/plan.ts',
    "import * as df from 'durable-functions';",
    'durable-functions',
    'src/run knows no SDK; durable-functions is let in by src/run/steps.ts and src/run/workflow.ts',
  ],
  [
    'src/run/workflow.ts',
    "import { createActivities } from './activities';",
    'src/run/activities',
    'the workflow sees activities as types only',
  ],
  [
    'src/workloads/render.ts',
    "import { planRun } from '../run/plan';",
    'src/run/plan',
    'a workload sees run/workload.ts, a program of a node nothing of the app',
  ],
  [
    'src/workloads/render/programs/tile.ts',
    "import { defineWorkload } from '../../../run/workload';",
    'src/run/workload',
    'a workload sees run/workload.ts, a program of a node nothing of the app',
  ],
])('in %s, the planted %s is found', (path, text, to, reason) => {
  expect(boundaryMistakes([{ path, text }])).toEqual([`${path} imports ${to}: ${reason}`]);
});

test('an import that is spread over lines, renamed, re-exported or lazy is found too', () => {
  const text = [
    "import type {\n  Settings,\n  // a comment\n} from '../settings';",
    "export { readSettings as read } from '../settings';",
    "export * from '../settings';",
    "const { readSettings } = require('../settings');",
  ];

  expect(
    text.map((line) => boundaryMistakes([{ path: 'src/run/plan.ts', text: line }]).length),
  ).toEqual([1, 1, 1, 1]);
});

test.each([
  ['const now = Date.now();', 'Date.now'],
  ['const now = new Date();', 'new Date()'],
  ['const now = new Date ( );', 'new Date()'],
  ['const now = new Date;', 'new Date()'],
  ['const chance = Math.random;', 'Math.random'],
  ["const path = process.env['PATH'];", 'process.env'],
  ['const { PATH } = process.env;', 'process.env'],
])('the planted %s is found', (text, word) => {
  const path = 'src/run/plan.ts';

  expect(boundaryMistakes([{ path, text }])).toEqual([
    `${path} uses ${word}: take it as an argument`,
  ]);
});

test('what is allowed to one file is allowed to it alone, and to nothing in a comment', () => {
  const text = 'export const environment = process.env; // not Math.random\n/** new Date() */';

  expect(boundaryMistakes([{ path: 'src/main.ts', text }])).toEqual([]);
  expect(boundaryMistakes([{ path: 'src/settings.ts', text }])).toHaveLength(1);
});

test('the arrows of the design are fine', () => {
  const fine: readonly Source[] = [
    { path: 'src/main.ts', text: "import { registerApp } from './functions';" },
    { path: 'src/functions.ts', text: "import { connect } from './azure/connect';" },
    { path: 'src/http.ts', text: "import type { Ports } from './run/ports';" },
    { path: 'src/run/steps.ts', text: "import type { Activities } from './activities';" },
    { path: 'src/run/steps.ts', text: "import { RetryOptions } from 'durable-functions';" },
    { path: 'src/azure/batch.ts', text: "import type { Batch } from '../run/ports';" },
    { path: 'src/workloads/render.ts', text: "import { defineWorkload } from '../run/workload';" },
    { path: 'local/up.ts', text: "import { realClock } from './clock';" },
  ];

  expect(boundaryMistakes(fine)).toEqual([]);
});

test('the app nowhere says where a node keeps its folders [PI9]', () => {
  const layout = /\/mnt\/|\/opt\/batch|workitems\b|[A-Z]:\\\\/;
  const knowing = sourcesOfProject().filter(
    ({ path, text }) => path.startsWith('src/') && layout.test(text),
  );

  expect(knowing.map(({ path }) => path)).toEqual([]);
});
