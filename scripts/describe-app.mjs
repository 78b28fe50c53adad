// What the deployment has to know of the app, read from the compiled app itself: which containers,
// functions, schedules and secrets there are. infra/app.json is its answer; Bicep and the hooks read
// that file, and a test compares it with the app.
//
//   node scripts/describe-app.mjs [--write] [folder of the compiled app, this one by default]
//
// Run `npm run describe-app`, which builds the app and calls this with --write, after you added a
// workload or changed its triggers, inputs or secrets.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArguments } from './arguments.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values, positionals } = readArguments({
  usage: `node scripts/describe-app.mjs [--write] [<folder of the compiled app>]
  Prints what the deployment has to know of the app, by default of this one.
  --write    write it to infra/app.json instead
`,
  options: { write: { type: 'boolean', default: false } },
  maxArguments: 1,
});
const folder = path.resolve(positionals[0] ?? root);
const require = createRequire(path.join(folder, 'package.json'));
const manifest = require('./package.json');

// No service is called while an app registers; these only have to be there.
Object.assign(process.env, {
  BATCH_ACCOUNT_ENDPOINT: 'https://account.region.batch.azure.com',
  AzureWebJobsStorage__blobServiceUri: 'https://account.blob.core.windows.net',
  KEY_VAULT_URI: 'https://vault.vault.azure.net',
  BLOB_TRIGGER_SOURCE: 'EventGrid',
});

const { install, Registry } = require('./dist/local/functions/core.js');
const registry = new Registry(() => {});
install(registry);

/** The declarations are handed to registerApp and nowhere else. */
const functionsModule = require('./dist/src/functions.js');
const { registerApp } = functionsModule;
let workloads;
functionsModule.registerApp = (parts) => {
  workloads = require('./dist/src/workload/check-workloads.js').checkWorkloads(parts.workloads);
  registerApp(parts);
};
// What the app says when it starts is no part of the answer.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
require(`./${manifest.main}`);
process.stdout.write = write;

const { secretsOf } = require('./dist/src/workload/programs.js');
const { longestRetentionOf } = require('./dist/src/run/finish/retention.js');
const { scheduleSetting } = require('./dist/src/schedules-in-force.js');
const { RUNS_CONTAINER } = require('./dist/src/run/names.js');
const all = [...workloads.values()];
/** What starts from outside; the steps of a run are the app's own business. */
const DOORS = new Set(['httpTrigger', 'timerTrigger', 'blobTrigger']);
const functions = [...registry.functions.values()]
  .map(functionRow)
  .filter(({ trigger }) => DOORS.has(trigger));

const description = {
  '//': 'Written by npm run describe-app; do not edit by hand.',
  containers: sorted([
    RUNS_CONTAINER,
    ...all.flatMap(({ inputs, triggers }) => [inputs?.container, triggers.blob?.container]),
  ]),
  blobTriggers: functions
    .filter(({ trigger }) => trigger === 'blobTrigger')
    .map(({ name, path: blobPath }) => ({ function: name, container: blobPath.split('/')[0] })),
  schedules: sorted(all.map(({ name, triggers }) => triggers.schedule && scheduleSetting(name))),
  secrets: sorted(all.flatMap(secretsOf)),
  keepDays: Math.max(
    ...all.flatMap((workload) => {
      const { outputsDays, logsDays } = longestRetentionOf(workload);
      return [outputsDays, logsDays];
    }),
  ),
  taskHub: JSON.parse(readFileSync(path.join(folder, 'host.json'), 'utf8')).extensions.durableTask
    .hubName,
  functions,
};

const text = `${JSON.stringify(description, null, 2)}\n`;
if (values.write) writeFileSync(path.join(root, 'infra/app.json'), text);
else process.stdout.write(text);
// Clients of the app may hold timers.
process.exit(0);

function functionRow({ name, metadata, triggerName }) {
  const trigger = metadata.bindings[triggerName];
  const { type, route, methods, path: blobPath, authLevel, sdkBinding = false } = trigger;
  return {
    name,
    trigger: type,
    ...(route !== undefined && { route, methods, authLevel }),
    ...(blobPath !== undefined && { path: blobPath, sdkBinding }),
  };
}

function sorted(names) {
  return [...new Set(names.filter((name) => name !== undefined && name !== ''))].sort((a, b) =>
    a.localeCompare(b),
  );
}
