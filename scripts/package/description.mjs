// Compares infra/app.json, from which Bicep and the hooks take containers, blob triggers and secrets,
// with the compiled app.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readJson } from './folder.mjs';

/** Returns one line for each part of the file that the compiled app contradicts. */
export function differencesFrom(root, file) {
  const written = readJson(file);
  const described = describe(root);
  return Object.keys({ ...described, ...written })
    .filter((part) => !isDeepStrictEqual(written[part], described[part]))
    .map((part) => differenceOf(part, written[part], described[part]));
}

function describe(root) {
  const script = path.join(root, 'scripts/describe-app.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The app cannot be described:\n${stderr}`);
  return JSON.parse(stdout);
}

function differenceOf(part, written, described) {
  if (!Array.isArray(written) || !Array.isArray(described)) {
    return `${part}: ${JSON.stringify(written)} in the file, ${JSON.stringify(described)} in the app`;
  }
  const names = (items, others) =>
    items
      .filter((item) => !others.some((other) => isDeepStrictEqual(item, other)))
      .map((item) => item.name ?? item.function ?? item);
  const missing = names(described, written).map((name) => `${name} is missing or has changed`);
  const surplus = names(written, described).map((name) => `${name} is not in the app like this`);
  return `${part}: ${[...missing, ...surplus].join(', ') || 'in another order'}`;
}
