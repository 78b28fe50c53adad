// Says where the host with the real Durable extension is, and whether it is here.
// `scripts/real-engine.mjs` builds it.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasDotnet } from './bicep-compiler.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

export const sourceFolder = path.join(root, 'test', 'real-engine', 'host');

export const engineFolder = path.join(root, '.nightshift', 'tools', 'real-engine');

export const engineFile = path.join(engineFolder, 'real-engine.dll');

/** Returns the reason that there is no real engine, or null when it is there. */
export function whyNoEngine() {
  if (!hasDotnet()) return 'dotnet is missing';
  if (existsSync(engineFile)) return null;
  return 'node scripts/real-engine.mjs has not built it';
}
