import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { whyNoSdk } from '../../scripts/real-engine-host.mjs';
import { root, textAt } from './deployment';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'real-engine-'));
  for (const file of ['arguments.mjs', 'real-engine.mjs', 'real-engine-host.mjs'])
    cpSync(path.join(root, 'scripts', file), path.join(folder, 'scripts', file));
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
  cpSync(path.join(root, source), path.join(folder, source), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const source = 'test/real-engine/host';

/** Runs the script in a repository that has no engine. */
function building(environment: Readonly<Record<string, string | undefined>>) {
  const script = path.join(folder, 'scripts/real-engine.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    env: environment,
  });
  return { status, stdout, stderr };
}

const engineFolder = () => path.join(folder, '.nightshift/tools/real-engine');

const isBuilt = () => ({
  status: 0,
  stdout: `The real engine is in ${engineFolder()}.\n`,
  stderr: '',
});

test('without dotnet no engine is built, and the script says so', () => {
  expect(building({ PATH: '' })).toEqual({
    status: 0,
    stdout: 'The real engine is skipped: dotnet is missing.\n',
    stderr: '',
  });
});

// In the place of the SDK: a script that notes its calls, and fails where a test says so.

const isWindows = process.platform === 'win32';
const onWindows = isWindows ? ', skipped as the SDK of the test is a shell script' : '';

interface Sdk {
  readonly version?: string;
  readonly fails?: 'restore' | 'build';
}

function sdk({ version = '10.0.100', fails }: Sdk = {}): { readonly PATH: string } {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const lines = [
    '#!/bin/sh',
    `if [ "$1" = --version ]; then echo ${version}; exit; fi`,
    `echo "$1" >> "${bin}/calls"`,
    `if [ "$1" = ${fails ?? 'nothing'} ]; then echo "$1 failed"; exit 1; fi`,
    // dotnet build <project> --no-restore --output <folder>
    'if [ "$1" = build ]; then mkdir -p "$5"; fi',
  ];
  writeFileSync(path.join(bin, 'dotnet'), `${lines.join('\n')}\n`, { mode: 0o755 });
  return { PATH: `${bin}:/usr/bin:/bin` };
}

const calls = () => readFileSync(path.join(folder, 'bin/calls'), 'utf8').split('\n').slice(0, -1);

test.skipIf(isWindows)(
  `with an older SDK no engine is built, and the script says so${onWindows}`,
  () => {
    expect(building(sdk({ version: '9.0.300' }))).toEqual({
      status: 0,
      stdout: 'The real engine is skipped: dotnet is older than version 10.\n',
      stderr: '',
    });
  },
);

test.skipIf(isWindows)(
  `an engine of the present sources is not built again, one of other sources is${onWindows}`,
  () => {
    const first = building(sdk());
    // Not even the SDK is needed.
    const second = building({ PATH: '' });
    const before = calls();
    appendFileSync(path.join(folder, source, 'Program.cs'), '\n');
    const third = building(sdk());

    expect([first, second, third]).toEqual([isBuilt(), isBuilt(), isBuilt()]);
    expect(before).toEqual(['restore', 'build']);
    expect(calls()).toEqual(['restore', 'build', 'restore', 'build']);
  },
);

test.skipIf(isWindows)(
  `an engine that cannot be restored is skipped with the reason, and the former one is removed${onWindows}`,
  () => {
    building(sdk());
    appendFileSync(path.join(folder, source, 'Program.cs'), '\n');

    expect(building(sdk({ fails: 'restore' }))).toEqual({
      status: 0,
      stdout:
        'The real engine is skipped: NuGet could not restore the packages; the reason is above.\n',
      stderr: 'restore failed\n',
    });
    expect(existsSync(engineFolder())).toBe(false);
  },
);

test.skipIf(isWindows)(
  `an engine that cannot be built is an error, and is built by the next call${onWindows}`,
  () => {
    expect(building(sdk({ fails: 'build' }))).toEqual({
      status: 1,
      stdout: '',
      stderr: 'build failed\nThe real engine could not be built.\n',
    });
    expect(building(sdk())).toEqual(isBuilt());
  },
);

// With the real SDK.

const missing = whyNoSdk();
const noSdk = missing === null ? '' : `, skipped as ${missing}`;
const SDK_TIMEOUT_MS = 300_000;

/** The environment of this process, with an empty cache of packages. */
function withoutPackages(): Readonly<Record<string, string | undefined>> {
  // oxlint-disable-next-line eslint/no-restricted-properties -- dotnet needs a home and a path
  return { ...process.env, NUGET_PACKAGES: path.join(folder, 'packages') };
}

test.skipIf(missing !== null)(
  `without a source that has the packages no engine is built, and NuGet says why${noSdk}`,
  () => {
    mkdirSync(path.join(folder, 'empty'));
    writeFileSync(
      path.join(folder, 'NuGet.config'),
      '<configuration><packageSources><clear /><add key="none" value="empty" /></packageSources></configuration>',
    );

    const { stderr, ...result } = building(withoutPackages());

    expect(result).toEqual({
      status: 0,
      stdout:
        'The real engine is skipped: NuGet could not restore the packages; the reason is above.\n',
    });
    expect(stderr).toContain('Microsoft.Azure.WebJobs.Extensions.DurableTask');
  },
  SDK_TIMEOUT_MS,
);

test.skipIf(missing !== null)(
  `sources that do not compile are an error, and the compiler says why${noSdk}`,
  () => {
    rmSync(path.join(folder, source, 'packages.lock.json'));
    for (const file of ['ClientBinding.cs', 'EmittedFunctions.cs', 'Worker.cs'])
      rmSync(path.join(folder, source, file));
    writeFileSync(path.join(folder, source, 'Program.cs'), 'Console.WriteLine(nothing);\n');
    writeFileSync(
      path.join(folder, source, 'real-engine.csproj'),
      `<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType>
        <TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>
        <UseAppHost>false</UseAppHost><UseSharedCompilation>false</UseSharedCompilation>
      </PropertyGroup></Project>`,
    );

    const { stderr, ...result } = building(withoutPackages());

    expect(result).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain("The name 'nothing' does not exist in the current context");
    expect(stderr).toMatch(/The real engine could not be built\.\n$/);
  },
  SDK_TIMEOUT_MS,
);

test('a clean clone builds the engine before its tests, and a failure does not end it', () => {
  const lines = textAt('.ci/run').split('\n');
  const build = lines.findIndex((line) => line.startsWith('node scripts/real-engine.mjs'));
  expect(lines[build]).toBe(
    "node scripts/real-engine.mjs || echo 'The real engine was not built: its tests are skipped.'",
  );
  expect(build).toBeLessThan(lines.findIndex((line) => line.includes('npm test')));
});
