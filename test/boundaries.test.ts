import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { globSync } from 'tinyglobby';
import { expect, test } from 'vitest';
import { allowances, boundaryErrors, importCycles, usedIn, type Source } from './boundaries';

const root = join(__dirname, '..');

function sourcesOfProject(): readonly Source[] {
  return globSync(['src/**/*.{ts,tsx}', 'local/**/*.ts'], { cwd: root })
    .sort((one, other) => one.localeCompare(other))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

test('every import of the project points where it may, and time, chance and environment are arguments', () => {
  const sources = sourcesOfProject();

  expect(sources.length).toBeGreaterThan(100);
  expect(boundaryErrors(sources)).toEqual([]);
});

test('no file is allowed what it does not use', () => {
  const used = sourcesOfProject()
    .filter(({ path }) => path in allowances)
    .map((source) => [source.path, usedIn(source)]);

  expect(Object.fromEntries(used)).toEqual(allowances);
});

const apart = 'src and local meet over HTTP, never by import';

test('no file reaches itself through imports, types included', () => {
  expect(importCycles(sourcesOfProject())).toEqual([]);
});

test('a cycle is found across folders, through types and through lazy imports', () => {
  const sources: readonly Source[] = [
    { path: 'src/run/a.ts', text: "import { b } from '../workload/b';" },
    { path: 'src/workload/b.ts', text: "import type { C } from './c';" },
    { path: 'src/workload/c.ts', text: "const a = await import('../run/a.js');" },
    { path: 'src/run/d.ts', text: "import { a } from './a';" },
  ];

  expect(importCycles(sources)).toEqual([
    'import cycle: src/run/a.ts, src/workload/b.ts, src/workload/c.ts',
  ]);
});

test.each([
  ['src/run/plan.ts', "import { realClock } from '../../local/clock';", 'local/clock', apart],
  ['local/cli/up.ts', "import { planRun } from '../../src/run/plan';", 'src/run/plan', apart],
  [
    'local/batch/server.ts',
    "const plan = await import('../../src/run/plan');",
    'src/run/plan',
    apart,
  ],
  ['local/cli/up.ts', "const main = require.resolve('../../src/main.js');", 'src/main', apart],
  [
    'src/api/runs.ts',
    "import { MemoryFiles } from '../../test/memory-files';",
    'test/memory-files',
    'the app does not know its tests',
  ],
  ['src/api/runs.ts', "import '../main';", 'src/main', 'api may not import main.ts'],
  [
    'src/api/runs.ts',
    "import { registerApp } from '../functions';",
    'src/functions',
    'api may not import functions.ts',
  ],
  [
    'src/run/activities.ts',
    "import { BlobServiceClient } from '@azure/storage-blob';",
    '@azure/storage-blob',
    'only src/azure knows @azure/storage-blob',
  ],
  [
    'src/api/runs.ts',
    "import type { BatchServiceClient } from '@azure/batch';",
    '@azure/batch',
    'only src/azure knows @azure/batch',
  ],
  [
    'src/run/activities.ts',
    "import { batchOn } from '../azure/batch/batch';",
    'src/azure/batch/batch',
    'run may not import azure',
  ],
  [
    'src/functions.ts',
    "import { batchOn } from './azure/batch/batch';",
    'src/azure/batch/batch',
    'functions.ts sees only connect.ts of src/azure',
  ],
  [
    'src/azure/batch/batch.ts',
    "import { planRun } from '../../run/plan';",
    'src/run/plan',
    'src/azure sees the ports and their data, nothing else of the app',
  ],
  [
    'src/azure/storage.ts',
    "import type { Settings } from '../settings';",
    'src/settings',
    'src/azure sees the ports and their data, nothing else of the app',
  ],
  [
    'src/run/plan.ts',
    "import { readSettings } from '../settings';",
    'src/settings',
    'run may not import settings.ts',
  ],
  [
    'src/workload/workload.ts',
    "import { runIdOf } from '../run/names';",
    'src/run/names',
    'workload may not import run',
  ],
  [
    'src/triggers/timer.ts',
    "import { readBody } from '../api/requests';",
    'src/api/requests',
    'triggers may not import api',
  ],
  [
    'src/telemetry/telemetry.ts',
    "import { MeterProvider } from '@opentelemetry/sdk-metrics';",
    '@opentelemetry/sdk-metrics',
    'only src/telemetry/otlp.ts knows OpenTelemetry',
  ],
  [
    'src/telemetry/telemetry.ts',
    "import { otlpExporter } from './otlp';",
    'src/telemetry/otlp',
    'OpenTelemetry is loaded where telemetry is switched on, by a dynamic import',
  ],
  [
    'src/attic/odds.ts',
    "import { Failure } from '../failure';",
    'src/failure',
    'attic is not a room of src; add it to test/boundaries.ts',
  ],
  [
    'src/run/plan.ts',
    "import type { HttpRequest } from '@azure/functions';",
    '@azure/functions',
    'this room knows no SDK; durable-functions is let in by src/run/steps.ts and src/run/workflow.ts',
  ],
  [
    'src/run/plan.ts',
    "import * as df from 'durable-functions';",
    'durable-functions',
    'this room knows no SDK; durable-functions is let in by src/run/steps.ts and src/run/workflow.ts',
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
    'a workload sees workload/workload.ts, a program of a node nothing of the app',
  ],
  [
    'src/workloads/render/programs/tile.ts',
    "import { defineWorkload } from '../../../workload/workload';",
    'src/workload/workload',
    'a workload sees workload/workload.ts, a program of a node nothing of the app',
  ],
])('in %s, the planted %s is found', (path, text, to, reason) => {
  expect(boundaryErrors([{ path, text }])).toEqual([`${path} imports ${to}: ${reason}`]);
});

test('the root of src/run has at most 15 entries', () => {
  expect(readdirSync(join(root, 'src/run')).length).toBeLessThanOrEqual(15);
});

test('an import that is spread over lines, renamed, re-exported or lazy is found too', () => {
  const text = [
    "import type {\n  Settings,\n  // a comment\n} from '../settings';",
    "export { readSettings as read } from '../settings';",
    "export * from '../settings';",
    "const { readSettings } = require('../settings');",
  ];

  expect(
    text.map((line) => boundaryErrors([{ path: 'src/run/plan.ts', text: line }]).length),
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

  expect(boundaryErrors([{ path, text }])).toEqual([
    `${path} uses ${word}: take it as an argument`,
  ]);
});

test('what is allowed to one file is allowed to it alone, and to nothing in a comment', () => {
  const text = 'export const environment = process.env; // not Math.random\n/** new Date() */';

  expect(boundaryErrors([{ path: 'src/main.ts', text }])).toEqual([]);
  expect(boundaryErrors([{ path: 'src/settings.ts', text }])).toHaveLength(1);
});

test('the directions of the design are allowed', () => {
  const fine: readonly Source[] = [
    { path: 'src/main.ts', text: "import { registerApp } from './functions';" },
    { path: 'src/functions.ts', text: "import { connect } from './azure/connect';" },
    { path: 'src/api/runs.ts', text: "import type { Ports } from '../run/ports';" },
    { path: 'src/run/steps.ts', text: "import type { Activities } from './activities';" },
    { path: 'src/run/steps.ts', text: "import { RetryOptions } from 'durable-functions';" },
    { path: 'src/azure/batch/batch.ts', text: "import type { Batch } from '../../run/ports';" },
    {
      path: 'src/workloads/render.ts',
      text: "import { defineWorkload } from '../workload/workload';",
    },
    { path: 'local/cli/up.ts', text: "import { realClock } from '../clock';" },
  ];

  expect(boundaryErrors(fine)).toEqual([]);
});

test('the app nowhere says where a node keeps its folders [PI9]', () => {
  const layout = /\/mnt\/|\/opt\/batch|workitems\b|[A-Z]:\\\\/;
  const knowing = sourcesOfProject().filter(
    ({ path, text }) => path.startsWith('src/') && layout.test(text),
  );

  expect(knowing.map(({ path }) => path)).toEqual([]);
});
