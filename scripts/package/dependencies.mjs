// The production dependencies: installed by their hashes, counted, listed as a bill of materials.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { readJson, writeJson } from './folder.mjs';
import { npm } from './npm.mjs';

/** Installs exactly what the lock file says; npm refuses a package whose hash is another. */
export function install(folder) {
  const run = npm(folder, [
    'ci',
    '--omit=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
  ]);
  if (run.code !== 0)
    throw new Error(`npm could not install the package's dependencies:\n${run.error}`);
}

/** Everything that is wrong with what is installed; a package in two places counts once. */
export function mistakesIn(folder, devDependencies) {
  const { packages } = readJson(path.join(folder, 'package-lock.json'));
  const entries = Object.entries(packages).filter(([place]) => place !== '');
  const wrong = entries.flatMap(([place, { dev, integrity, hasInstallScript, version }]) => {
    const found = [];
    if (dev === true) found.push(`${place}: for development only`);
    if (integrity === undefined) found.push(`${place}: without a hash`);
    if (hasInstallScript === true) found.push(`${place}: wants to run a script when installed`);
    const manifest = path.join(folder, place, 'package.json');
    if (!existsSync(manifest)) found.push(`${place}: not installed`);
    else if (readJson(manifest).version !== version)
      found.push(`${place}: another version is installed`);
    return found;
  });
  const top = Object.keys(devDependencies).filter(
    (name) => packages[`node_modules/${name}`]?.dev === true,
  );
  const distinct = new Set(entries.map(([place, { version }]) => `${nameOf(place)}@${version}`));
  return {
    count: distinct.size,
    wrong: [...wrong, ...top.map((name) => `${name}: for development only`)],
  };
}

function nameOf(place) {
  return place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

/** CycloneDX, as JSON. Answers how many components it lists. */
export function billOfMaterials(folder, file) {
  const run = npm(folder, [
    'sbom',
    '--sbom-format',
    'cyclonedx',
    '--omit',
    'dev',
    '--package-lock-only',
  ]);
  if (run.code !== 0) throw new Error(`npm could not make the bill of materials:\n${run.error}`);
  const bill = JSON.parse(run.out);
  writeJson(file, bill);
  return bill.components.length;
}

/**
 * What npm's advisories say. A registry that does not answer says nothing, which is not the same
 * as "nothing found".
 */
export function audit(folder) {
  return auditResult(npm(folder, ['audit', '--omit=dev', '--json']).out);
}

export function auditResult(out) {
  try {
    const answer = JSON.parse(out);
    if (answer.metadata === undefined) return { kind: 'notRun', why: firstPart(answer.message) };
    const { total, ...bySeverity } = answer.metadata.vulnerabilities;
    return { kind: 'run', total, bySeverity };
  } catch {
    return { kind: 'notRun', why: 'npm gave no figures' };
  }
}

/** Without the address of the registry. */
function firstPart(message) {
  return String(message ?? 'npm gave no figures').replace(/ - (GET|POST) .*$/, '');
}
