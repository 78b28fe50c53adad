// Says where the host with the real Durable extension is, and whether it is here.
// `scripts/real-engine.mjs` builds it.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

export const sourceFolder = path.join(root, 'test', 'real-engine', 'host');

export const engineFolder = path.join(root, '.nightshift', 'tools', 'real-engine');

export const engineFile = path.join(engineFolder, 'real-engine.dll');

/** The first version of the SDK that knows the framework of the project. */
const SDK = 10;

/** Returns the reason that the engine cannot be built here, or null. */
export function whyNoSdk() {
  const { status, stdout } = spawnSync('dotnet', ['--version'], { encoding: 'utf8' });
  if (status !== 0) return 'dotnet is missing';
  return Number.parseInt(stdout, 10) >= SDK ? null : `dotnet is older than version ${SDK}`;
}

/** Returns the reason that there is no real engine, or null when it is there. */
export function whyNoEngine() {
  const missing = whyNoSdk();
  if (missing !== null) return missing;
  if (existsSync(engineFile)) return null;
  return 'node scripts/real-engine.mjs has not built it';
}
