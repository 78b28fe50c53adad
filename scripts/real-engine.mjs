// Builds the host with the real Durable extension, for the tests of test/real-engine, into
// .nightshift/tools.
//
//   node scripts/real-engine.mjs
//
// Optional, and no part of `npm ci`: it needs the .NET SDK, and takes about 430 MB for packages.
// NuGet's own configuration says where packages come from; their digests are in packages.lock.json.
// Without the SDK, a package or a network it says so in one line and succeeds; the tests that need
// the engine are then skipped.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readArguments } from './arguments.mjs';
import { engineFolder, sourceFolder, whyNoSdk } from './real-engine-host.mjs';

readArguments({
  usage: `node scripts/real-engine.mjs
  Builds the host with the real Durable extension for the tests of test/real-engine.
`,
});

/** NuGet retries an address that does not answer for longer than a test run may wait. */
const BUILD_TIMEOUT_MS = 300_000;

const stampFile = path.join(engineFolder, 'built-from.txt');
const stamp = stampOfSources();
if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp)
  done(`is in ${engineFolder}`);
const missing = whyNoSdk();
if (missing !== null) done(`is skipped: ${missing}`);

rmSync(engineFolder, { recursive: true, force: true });
const restored = dotnet('restore', '--locked-mode');
if (!restored) done('is skipped: NuGet could not restore the packages; the reason is above');
if (!dotnet('build', '--no-restore', '--output', engineFolder)) {
  console.error('The real engine could not be built.');
  process.exit(1);
}
writeFileSync(stampFile, stamp);
done(`is in ${engineFolder}`);

/** Runs a command of the SDK on the project; true when it succeeded. */
function dotnet(command, ...options) {
  const args = [command, sourceFolder, ...options, '--verbosity', 'quiet', '-nologo'];
  const { status } = spawnSync('dotnet', args, {
    // MSBuild's reports belong to this script's messages, not to what a caller parses.
    stdio: ['ignore', process.stderr, process.stderr],
    timeout: BUILD_TIMEOUT_MS,
    env: {
      ...process.env,
      DOTNET_CLI_TELEMETRY_OPTOUT: '1',
      DOTNET_NOLOGO: '1',
      // No process may outlive the command.
      MSBUILDDISABLENODEREUSE: '1',
      DOTNET_CLI_USE_MSBUILD_SERVER: '0',
    },
  });
  return status === 0;
}

function stampOfSources() {
  const hash = createHash('sha256');
  for (const file of readdirSync(sourceFolder).toSorted())
    hash.update(`${file}\n`).update(readFileSync(path.join(sourceFolder, file)));
  return hash.digest('hex');
}

function done(message) {
  console.log(`The real engine ${message}.`);
  process.exit(0);
}
