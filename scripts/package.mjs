// Makes the folder that is deployed, out/package, and tries it out before anything is sent.
//
//   node scripts/package.mjs [--no-build] [--measure]
//
// --no-build   takes dist/ as it is
// --measure    also says how long the app takes to load, as shipped and as one bundle
// --description  compares another file than infra/app.json with the app
//
// Beside the folder it leaves out/sbom.cdx.json, the bill of materials (CycloneDX).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readArguments } from './arguments.mjs';
import { audit, billOfMaterials, install, mistakesIn } from './package/dependencies.mjs';
import { differencesFrom } from './package/description.mjs';
import { intrudersIn, makeFolder, readJson } from './package/folder.mjs';
import { measureLoads } from './package/load.mjs';
import { npm } from './package/npm.mjs';
import { functionsServed } from './package/start.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values: options } = readArguments({
  usage: `node scripts/package.mjs [--no-build] [--measure] [--description F] [--output F]
  Makes the folder that is deployed and tries it out.
  --no-build       take dist as it is
  --measure        print how long the app takes to load, as shipped and as one bundle
  --description F  compare another file than infra/app.json with the app
  --output F       folder of the package (out)
`,
  options: {
    'no-build': { type: 'boolean', default: false },
    measure: { type: 'boolean', default: false },
    description: { type: 'string', default: path.join(root, 'infra/app.json') },
    output: { type: 'string', default: path.join(root, 'out') },
  },
});

const temporary = mkdtempSync(path.join(tmpdir(), 'nightshift-package-'));
// Broken off, it leaves nothing either; what it has started ends with it.
process.once('SIGINT', () => leave(130));
process.once('SIGTERM', () => leave(143));
try {
  await run();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
} finally {
  cleanUp();
}

function cleanUp() {
  rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
}

function leave(code) {
  cleanUp();
  process.exit(code);
}

async function run() {
  const output = path.resolve(options.output);
  const folder = path.join(output, 'package');
  if (!options['no-build']) build();

  // Without its containers, blob triggers and secrets an added workload would be deployed in part.
  refuse(
    'infra/app.json does not describe this app; run npm run describe-app, and commit the file',
    differencesFrom(root, path.resolve(options.description)),
  );

  // oxlint-disable-next-line eslint/no-restricted-properties -- azd speaks to its hooks through it
  makeFolder(root, folder, process.env.DURABLE_BACKEND);
  refuse('The package holds what does not belong there', intrudersIn(folder));
  say(`${path.relative(root, folder)}: the app, and nothing else`);

  install(folder);
  const { count, wrong } = mistakesIn(
    folder,
    readJson(path.join(root, 'package.json')).devDependencies,
  );
  refuse('Its dependencies are not in order', wrong);
  say(
    `${count} production packages, each with its hash, none with an install script, none for development`,
  );

  const listed = billOfMaterials(folder, path.join(output, 'sbom.cdx.json'));
  if (listed !== count)
    throw new Error(`The bill of materials lists ${listed} of ${count} packages`);
  say(`bill of materials: ${listed} components`);
  tellAudit(audit(folder));

  const served = await functionsServed(root, folder, path.join(temporary, 'data'));
  const named = readJson(path.join(root, 'infra/app.json')).functions.map(({ name }) => name);
  refuse(
    'It does not serve functions that infra/app.json names',
    named.filter((name) => !served.includes(name)),
  );
  say(`started from the package alone: ${served.length} functions`);

  if (options.measure) tellLoads(await measureLoads(folder, temporary, 7));
}

function build() {
  const run = npm(root, ['run', 'build']);
  if (run.code !== 0) throw new Error(`The build failed:\n${run.out}${run.error}`);
}

function tellAudit(result) {
  if (result.kind === 'notRun') {
    say(`advisories: NOT RUN (${result.why})`);
    return;
  }
  const found = Object.entries(result.bySeverity).filter(([, number]) => number > 0);
  say(
    `advisories: ${result.total}${found.map(([severity, number]) => `, ${number} ${severity}`).join('')}`,
  );
}

function tellLoads({ rounds, plain, bundle, bundleKilobytes }) {
  const told = ({ ms, processorMs }) => `${ms} ms (${processorMs} ms of a processor)`;
  say(
    `load, median of ${rounds}: ${told(plain)} as shipped, ${told(bundle)} as one bundle of ${bundleKilobytes} KB`,
  );
}

function refuse(why, what) {
  if (what.length > 0) throw new Error(`${why}:\n  ${what.join('\n  ')}`);
}

function say(words) {
  process.stdout.write(`${words}\n`);
}
