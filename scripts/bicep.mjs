// Restores Microsoft's Bicep compiler for the tests of infra/, from NuGet, into .nightshift/tools.
//
//   node scripts/bicep.mjs
//
// Optional, and no part of `npm ci`: it needs the .NET SDK, and takes about 120 MB. NuGet's own
// configuration says where packages come from. Without the SDK, a package or a network it says so
// in one line and succeeds; the tests that need the compiler are then skipped.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { readArguments } from './arguments.mjs';
import {
  BICEP_VERSION,
  bicepFile,
  hasDotnet,
  platform,
  program,
  toolFolder,
} from './bicep-compiler.mjs';

readArguments({
  usage: `node scripts/bicep.mjs
  Restores Microsoft's Bicep compiler for the tests of infra/, from NuGet.
`,
});

/** NuGet retries an address that does not answer for longer than a test run may wait. */
const RESTORE_TIMEOUT_MS = 180_000;

if (existsSync(bicepFile)) done(`is in ${bicepFile}`);
if (program === undefined) done(`is skipped: no package is pinned for ${platform}`);
if (!hasDotnet()) done('is skipped: dotnet is missing');

mkdirSync(path.dirname(toolFolder), { recursive: true });
const work = mkdtempSync(`${toolFolder}-`);
process.on('exit', () => rmSync(work, { recursive: true, force: true }));

const restored = restore();
if (restored === null) done('is skipped: NuGet could not restore the package; the reason is above');

const digest = createHash('sha512').update(readFileSync(restored)).digest('hex');
if (digest !== program.sha512) {
  console.error(`Bicep ${BICEP_VERSION}: the program in ${program.package} has an unknown digest.`);
  process.exit(1);
}
chmodSync(restored, 0o755);
if (spawnSync(restored, ['--version'], { stdio: 'ignore' }).status !== 0)
  done('is skipped: the program does not start on this machine');

// A rename, so that no test sees half a file.
mkdirSync(toolFolder, { recursive: true });
renameSync(restored, bicepFile);
done(`is in ${bicepFile}`);

/** Returns the restored program, or null. */
function restore() {
  const packages = path.join(work, 'packages');
  writeFileSync(path.join(work, 'bicep.csproj'), projectFile());
  const args = ['restore', 'bicep.csproj', '--packages', packages, '--verbosity', 'quiet'];
  const { status } = spawnSync('dotnet', args, {
    cwd: work,
    // MSBuild's reports belong to this script's messages, not to what a caller parses.
    stdio: ['ignore', process.stderr, process.stderr],
    timeout: RESTORE_TIMEOUT_MS,
    env: {
      ...process.env,
      DOTNET_CLI_TELEMETRY_OPTOUT: '1',
      DOTNET_NOLOGO: '1',
      // No process may outlive the command.
      MSBUILDDISABLENODEREUSE: '1',
    },
  });
  const file = path.join(packages, program.package.toLowerCase(), BICEP_VERSION, program.file);
  return status === 0 && existsSync(file) ? file : null;
}

/** Downloads the package and nothing else: no framework, and no reference to it. */
function projectFile() {
  return `<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>netstandard2.0</TargetFramework>
    <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences>
  </PropertyGroup>
  <ItemGroup>
    <PackageDownload Include="${program.package}" Version="[${BICEP_VERSION}]" />
  </ItemGroup>
</Project>
`;
}

function done(message) {
  console.log(`Bicep ${BICEP_VERSION} ${message}.`);
  process.exit(0);
}
