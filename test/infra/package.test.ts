import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { globSync } from 'tinyglobby';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jsonAt, planFor, profiles, root, textAt } from './deployment';

/** The scripts are plain JavaScript; this is what the tests use of them. */
interface FolderScript {
  readonly productionLock: (lock: object) => {
    packages: Readonly<Record<string, { dev?: boolean }>>;
  };
  readonly intrudersIn: (folder: string) => readonly string[];
  readonly hostFor: (host: HostFile, durableBackend?: string) => HostFile;
}
interface HostFile {
  readonly extensions: {
    readonly durableTask: { readonly hubName: string; readonly storageProvider: object };
  };
}
interface DependenciesScript {
  readonly auditResult: (out: string) => object;
  readonly audit: (folder: string) => object;
}

const script = (name: string) =>
  import(path.join(root, 'scripts/package', name)) as Promise<unknown>;
const folderScript = () => script('folder.mjs') as Promise<FolderScript>;
const dependenciesScript = () => script('dependencies.mjs') as Promise<DependenciesScript>;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'package-test-'));
});
// Ten thousand small files: on a busy disk they take a while.
afterEach(() => rmSync(folder, { recursive: true }), 180_000);

test(
  'the package alone starts in the local host, with its dependencies installed by their hashes and listed',
  { timeout: 600_000 },
  async () => {
    const temporary = path.join(folder, 'temporary');
    mkdirSync(temporary);
    const builtAt = () => statSync(path.join(root, 'dist', '.sources')).mtimeMs;
    const before = builtAt();
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [path.join(root, 'scripts/package.mjs'), '--no-build', '--output', folder],
      // oxlint-disable-next-line eslint/no-restricted-properties -- npm finds its cache and settings by it
      { env: { ...process.env, TMPDIR: temporary }, timeout: 590_000 },
    );

    expect(builtAt()).toBe(before);
    const packages = path.join(folder, 'package', 'node_modules');
    const bill = JSON.parse(readFileSync(path.join(folder, 'sbom.cdx.json'), 'utf8')) as {
      bomFormat: string;
      components: readonly object[];
    };
    const lines = stdout.trim().split('\n');
    expect(bill.bomFormat).toBe('CycloneDX');
    expect(lines.slice(1, 3)).toEqual([
      `${bill.components.length} production packages, each with its hash, none with an install script, none for development`,
      `bill of materials: ${bill.components.length} components`,
    ]);
    expect(lines[3]).toMatch(/^advisories: (NOT RUN \(.+\)|\d+.*)$/);
    expect(lines[4]).toMatch(/^started from the package alone: \d+ functions$/);
    for (const name of ['typescript', 'vitest', 'azurite', 'esbuild']) {
      expect([name, existsSync(path.join(packages, name))]).toEqual([name, false]);
    }
    // npm keeps a cache of its own; the script leaves nothing.
    expect(leftIn(temporary)).toEqual([]);
  },
);

/** The same file, with one part of it as it was before a workload was added or removed. */
test.each([
  [
    'functions',
    (rows: readonly { readonly name: string }[]) =>
      rows.filter(({ name }) => name !== 'render-blob'),
    'functions: render-blob is missing or has changed',
  ],
  [
    'containers',
    (names: readonly string[]) => names.slice(1),
    'containers: inbox is missing or has changed',
  ],
  [
    'secrets',
    (names: readonly string[]) => [...names, 'old-key'],
    'secrets: old-key is not in the app like this',
  ],
  [
    'keepDays',
    () => 3,
    `keepDays: 3 in the file, ${jsonAt<{ keepDays: number }>('infra/app.json').keepDays} in the app`,
  ],
] as const)(
  'a description of the app that is out of date stops the package: %s',
  { timeout: 60_000 },
  async (part, change, difference) => {
    const description = path.join(folder, 'app.json');
    const written = jsonAt<Readonly<Record<string, never>>>('infra/app.json');
    writeFileSync(
      description,
      JSON.stringify({ ...written, [part]: change(written[part] as never) }),
    );
    const args = ['--no-build', '--output', folder, '--description', description];

    await expect(
      promisify(execFile)(process.execPath, [path.join(root, 'scripts/package.mjs'), ...args]),
    ).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: `infra/app.json does not describe this app; run npm run describe-app, and commit the file:\n  ${difference}\n`,
    });
    expect(existsSync(path.join(folder, 'package'))).toBe(false);
  },
);

test(
  'interrupted by Ctrl-C, the script leaves nothing behind [RS12]',
  { timeout: 600_000 },
  async () => {
    const file = path.join(root, 'scripts/package.mjs');
    const child = spawn(process.execPath, [file, '--no-build', '--output', folder], {
      // oxlint-disable-next-line eslint/no-restricted-properties -- npm finds its cache and settings by it
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    expect(leftIn(folder)).toHaveLength(1);
    child.kill('SIGINT');
    child.stdout.resume();
    expect((await ended)[0]).toBe(130);
    expect(leftIn(folder)).toEqual([]);
  },
);

function leftIn(temporary: string): string[] {
  return readdirSync(temporary).filter((name) => name.startsWith('nightshift-'));
}

test('the lock file of the package has the production dependencies and no development ones', async () => {
  const { productionLock } = await folderScript();
  const { packages } = productionLock(jsonAt<object>('package-lock.json'));
  expect(Object.values(packages).filter(({ dev }) => dev === true)).toEqual([]);
  expect(packages['']).not.toHaveProperty('devDependencies');
  for (const name of Object.keys(jsonAt<{ dependencies: object }>('package.json').dependencies)) {
    expect(packages).toHaveProperty([`node_modules/${name}`]);
  }
});

test('the host.json of the package names the deployed storage provider, since the scale controller reads no settings', async () => {
  const { hostFor } = await folderScript();
  const host = jsonAt<HostFile>('host.json');
  expect(hostFor(host)).toEqual(host);
  expect(hostFor(host, 'AzureStorage')).toEqual(host);

  const { parameters } = jsonAt<{ parameters: { durableBackend: { value: string } } }>(
    'infra/main.parameters.json',
  );
  expect(parameters.durableBackend.value).toBe('${DURABLE_BACKEND}');
  const { resources } = planFor(profiles['everything'] ?? {});
  const settings = resources.find(({ type }) => type === 'Microsoft.Web/sites/config')?.body;
  const changed = hostFor(host, 'DurableTaskScheduler');
  const prefix = 'AzureFunctionsJobHost__extensions__durableTask__storageProvider__';
  const provider = Object.entries((settings?.['properties'] ?? {}) as Record<string, string>)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value]);
  expect(provider.length).toBeGreaterThan(0);
  expect(changed.extensions.durableTask.storageProvider).toEqual(Object.fromEntries(provider));
  expect(changed.extensions.durableTask.hubName).toBe(host.extensions.durableTask.hubName);
});

test('files that must not be in the package are found by name: local environment, settings, secrets; programs of workloads may have any name', async () => {
  const { intrudersIn } = await folderScript();
  const files = {
    'host.json': '{}',
    'dist/src/main.js': 'ok();',
    'dist/src/azure/connect.js': "const key = 'AccountKey=abcdefghijklmnopqrstuvwxyz0123456789';",
    'dist/src/leak.js':
      'x("https://a.blob.core.windows.net/c?sv=1&sig=abcdefghijklmnopqrstuvwxyz");',
    'dist/local/cli/up.js': 'ok();',
    'dist/src/workloads/fit/programs/fit.py': 'print(1)',
    'dist/src/workloads/fit/programs/scripts/a model.bin': 'model',
    'dist/src/workloads/fit/programs/.env': 'A=1',
    'dist/src/workloads/fit/programs/key.txt': '-----BEGIN PRIVATE KEY-----',
    'local.settings.json': '{}',
    '.env': 'A=1',
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  expect([...intrudersIn(folder)].sort()).toEqual([
    '.env: not part of the app',
    'dist/local/cli/up.js: not part of the app',
    'dist/src/azure/connect.js: holds an account key',
    'dist/src/leak.js: holds a signature',
    'dist/src/workloads/fit/programs/.env: not part of the app',
    'dist/src/workloads/fit/programs/key.txt: holds a private key',
    'local.settings.json: not part of the app',
  ]);
});

test('advisories that could not be queried are "not run", never none', async () => {
  const { audit, auditResult } = await dependenciesScript();
  writeFileSync(path.join(folder, 'package.json'), textAt('package.json'));
  writeFileSync(path.join(folder, 'package-lock.json'), textAt('package-lock.json'));
  // Nobody answers there.
  writeFileSync(path.join(folder, '.npmrc'), 'registry=http://127.0.0.1:1/\nfetch-retries=0\n');
  expect(audit(folder)).toEqual({
    kind: 'notRun',
    why: expect.stringContaining('ECONNREFUSED') as string,
  });
  expect(auditResult('')).toEqual({ kind: 'notRun', why: 'npm gave no figures' });
  expect(auditResult('{"metadata":{"vulnerabilities":{"low":1,"high":2,"total":3}}}')).toEqual({
    kind: 'run',
    total: 3,
    bySeverity: { low: 1, high: 2 },
  });
});

test('azd uploads the tested folder, without the dependencies that Azure installs', () => {
  const azure = textAt('azure.yaml');
  expect(azure).toContain('dist: out/package');
  expect(azure.match(/run: node scripts\/package\.mjs/g)).toHaveLength(2);
  // With remoteBuild, azd refuses to deploy unless node_modules is left out.
  expect(azure).toContain('remoteBuild: true');
  const ignored = textAt('.funcignore').split('\n');
  expect(ignored).toContain('node_modules');
  // Without a slash before it a name would be left out at any depth, among a workload's programs too.
  const atAnyDepth = ignored.filter((line) => line !== '' && !/^[/#]/.test(line));
  expect(atAnyDepth).toEqual(['node_modules']);
});

test('azd uploads everything in the package except the dependencies that Azure installs', () => {
  const rules = textAt('.funcignore')
    .split('\n')
    .filter((line) => line.startsWith('/'))
    .map((line) => line.replaceAll('.', String.raw`\.`).replaceAll('*', '[^/]*'))
    .map((pattern) => new RegExp(`^${pattern}(/|$)`));
  const sent = [
    '/host.json',
    '/package.json',
    '/package-lock.json',
    ...globSync('dist/src/**', { cwd: root }).map((file) => `/${file}`),
  ];
  expect(sent).toContain('/dist/src/main.js');
  expect(sent.filter((file) => rules.some((rule) => rule.test(file)))).toEqual([]);
});
