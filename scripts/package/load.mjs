// How long the app takes to load, as it is shipped and as one bundle. Each load is a new process.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { readJson, writeJson } from './folder.mjs';
import { SETTINGS } from './start.mjs';

/** Stands for the module that the Functions worker brings along. */
const TIMED_LOAD = `
const Module = require('node:module');
const original = Module.prototype.require;
const core = {
  version: '0', hostVersion: '0', Disposable: class {},
  setProgrammingModel() {}, getProgrammingModel() {}, registerHook: () => ({ dispose() {} }),
  registerFunction: () => ({ dispose() {} }), log() {},
};
Module.prototype.require = function (id) {
  return id === '@azure/functions-core' ? core : original.call(this, id);
};
const started = process.hrtime.bigint();
const before = process.cpuUsage();
require(process.argv[2]);
const { user, system } = process.cpuUsage(before);
const ms = Number(process.hrtime.bigint() - started) / 1e6;
process.stdout.write(String.fromCharCode(10) + JSON.stringify([ms, (user + system) / 1e3]));
process.exit(0);
`;

/**
 * Medians in milliseconds; the two are measured in turn, so that the machine's mood hits both. The
 * processor's time says the same on a machine that is busy with something else.
 */
export async function measureLoads(folder, workFolder, rounds) {
  const { main } = readJson(path.join(folder, 'package.json'));
  const script = path.join(workFolder, 'timed-load.cjs');
  writeFileSync(script, TIMED_LOAD);
  const plain = path.join(folder, main);
  const bundle = await bundleOf(folder, path.join(workFolder, 'bundle'), main);

  const times = { plain: [], bundle: [] };
  load(script, plain);
  load(script, bundle);
  for (let round = 0; round < rounds; round++) {
    times.plain.push(load(script, plain));
    times.bundle.push(load(script, bundle));
  }
  return {
    rounds,
    plain: mediansOf(times.plain),
    bundle: mediansOf(times.bundle),
    bundleKilobytes: Math.round(statSync(bundle).size / 1024),
  };
}

function load(script, entry) {
  const env = { PATH: process.env.PATH, ...SETTINGS };
  const said = execFileSync(process.execPath, [script, entry], { env, encoding: 'utf8' });
  // The app may say something, too.
  const [ms, processorMs] = JSON.parse(said.split('\n').at(-1));
  return { ms, processorMs };
}

async function bundleOf(folder, target, main) {
  const outfile = path.join(target, main);
  mkdirSync(path.dirname(outfile), { recursive: true });
  // The programs of the nodes stay files.
  cpSync(path.join(folder, 'dist/src/workloads'), path.join(target, 'dist/src/workloads'), {
    recursive: true,
  });
  writeJson(path.join(target, 'package.json'), { main });
  const shim = path.join(target, 'import-meta-url.cjs');
  writeFileSync(
    shim,
    "exports.__importMetaUrl = require('node:url').pathToFileURL(__filename).href;\n",
  );
  await build({
    entryPoints: [path.join(folder, main)],
    outfile,
    bundle: true,
    minify: true,
    keepNames: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // The worker brings this one along.
    external: ['@azure/functions-core'],
    // A library asks where its own module is, which a bundle in CommonJS cannot say.
    define: { 'import.meta.url': '__importMetaUrl' },
    inject: [shim],
    logLevel: 'error',
  });
  return outfile;
}

function mediansOf(loads) {
  return {
    ms: median(loads.map(({ ms }) => ms)),
    processorMs: median(loads.map(({ processorMs }) => processorMs)),
  };
}

function median(times) {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.floor(sorted.length / 2)]);
}
