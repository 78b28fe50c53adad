// Says which Bicep compiler the tests use, and whether it is here. `scripts/bicep.mjs` restores it.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

export const BICEP_VERSION = '0.49.2';

/** The package for each platform, and the digest of the program in it: a mirror may add a signature to a package. */
const PROGRAMS = {
  'linux-x64': {
    package: 'Azure.Bicep.CommandLine.linux-x64',
    file: 'tools/bicep',
    sha512:
      '391a9b36da30e5418db93b5f65cba74c97574d918a63194b3f631d9948d5832cbfefba34bf3d6dc1f317991a220acf3d22ec8d884f909e66b1373db333608b33',
  },
};

export const platform = `${process.platform}-${process.arch}`;

/** Undefined on a platform that has no pinned package. */
export const program = PROGRAMS[platform];

export const toolFolder = path.join(root, '.nightshift', 'tools', `bicep-${BICEP_VERSION}`);

export const bicepFile = path.join(toolFolder, 'bicep');

/** Returns the reason that there is no compiler, or null when it is there. */
export function whyNoBicep() {
  if (existsSync(bicepFile)) return null;
  if (program === undefined) return `none is pinned for ${platform}`;
  if (!hasDotnet()) return 'dotnet is missing';
  return 'node scripts/bicep.mjs has not restored it';
}

export function hasDotnet() {
  return spawnSync('dotnet', ['--version'], { stdio: 'ignore' }).status === 0;
}
