import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { jsonAt, root, textAt } from './deployment';
import { plannedFor, profile, theOne } from './planned';

interface Hook {
  readonly posix: { readonly shell: string; readonly run: string };
  readonly windows: { readonly shell: string; readonly run: string };
}

interface Project {
  readonly requiredVersions: Readonly<Record<string, string>>;
  readonly services: Readonly<Record<string, { readonly dist: string }>>;
  readonly hooks: Readonly<Record<string, Hook>>;
}

const project = parse(textAt('azure.yaml')) as Project;

const onBoth = (posix: string, windows: string) => ({
  posix: { shell: 'sh', run: posix },
  windows: { shell: 'pwsh', run: windows },
});

test('azd packs the app before the upload, and Azure installs its dependencies', () => {
  expect(project.services).toEqual({
    app: {
      project: '.',
      dist: 'out/package',
      host: 'function',
      language: 'ts',
      remoteBuild: true,
      hooks: { prepackage: onBoth('node scripts/package.mjs', 'node scripts/package.mjs') },
    },
  });
});

test('secrets are created after provisioning, event subscriptions after the deployment; azd stops if one fails', () => {
  const hook = (name: string) => onBoth(`infra/hooks/${name}.sh`, `infra/hooks/${name}.ps1`);
  expect(project.hooks).toEqual({
    postprovision: hook('postprovision'),
    postdeploy: hook('postdeploy'),
  });
  for (const { posix, windows } of Object.values(project.hooks))
    for (const { run } of [posix, windows])
      expect([run, existsSync(path.join(root, run))]).toEqual([run, true]);
});

test('the required version of azd supports the remote build, and no newer one is required', () => {
  expect(project.requiredVersions).toEqual({ azd: '>= 1.23.13' });
  expect(Object.keys(project).sort()).toEqual([
    'hooks',
    'metadata',
    'name',
    'pipeline',
    'requiredVersions',
    'services',
  ]);
});

interface Host {
  readonly version: string;
  readonly extensionBundle: object;
  readonly functionTimeout: string;
  readonly extensions: {
    readonly durableTask: { readonly storageProvider: Readonly<Record<string, string>> };
  };
}

const host = jsonAt<Host>('host.json');

function secondsIn(time: string): number {
  return time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

test('the host uses the current extension bundle, and lets a running step finish', () => {
  expect(host.version).toBe('2.0');
  expect(host.extensionBundle).toEqual({
    id: 'Microsoft.Azure.Functions.ExtensionBundle',
    version: '[4.*, 5.0.0)',
  });
  const seconds = secondsIn(host.functionTimeout);
  expect(seconds).toBeGreaterThanOrEqual(10 * 60);
  expect(seconds).toBeLessThanOrEqual(60 * 60);
});

test('Durable Functions polls for work often enough, in the account that the deployment names', () => {
  const {
    type,
    connectionName = '',
    maxQueuePollingInterval = '',
  } = host.extensions.durableTask.storageProvider;
  expect(type).toBe('AzureStorage');
  expect(secondsIn(maxQueuePollingInterval)).toBeGreaterThanOrEqual(1);
  expect(secondsIn(maxQueuePollingInterval)).toBeLessThanOrEqual(30);
  const settings = theOne(profile('plain'), 'Microsoft.Web/sites/config').properties;
  for (const end of ['credential', 'clientId', 'queueServiceUri', 'tableServiceUri'])
    expect(settings).toHaveProperty(`${connectionName}__${end}`);
});

test('the linter refuses unused declarations, secrets in outputs, and values that differ at each deployment', () => {
  const { analyzers } = jsonAt<{
    analyzers: { core: { enabled: boolean; rules: Readonly<Record<string, { level: string }>> } };
  }>('infra/bicepconfig.json');
  expect(analyzers.core.enabled).toBe(true);
  const levels = Object.entries(analyzers.core.rules).map(([name, { level }]) => [name, level]);
  // The names of learn.microsoft.com/azure/azure-resource-manager/bicep/linter; any other is ignored.
  expect(Object.fromEntries(levels)).toEqual({
    'no-unused-params': 'error',
    'no-unused-vars': 'error',
    'no-unused-existing-resources': 'error',
    'no-hardcoded-env-urls': 'warning',
    'no-hardcoded-location': 'error',
    'outputs-should-not-contain-secrets': 'error',
    'secure-secrets-in-params': 'error',
    'use-recent-api-versions': 'off',
    'use-stable-resource-identifiers': 'error',
  });
});

interface DevContainer {
  readonly image: string;
  readonly features: Readonly<Record<string, object>>;
  readonly customizations: { readonly vscode: { readonly extensions: readonly string[] } };
  readonly postCreateCommand: string;
}

test('the dev container has the deployed version of Node, and every tool that the guides require', () => {
  const container = jsonAt<DevContainer>('.devcontainer/devcontainer.json');
  const config = theOne(profile('plain'), 'Microsoft.Web/sites').properties['functionAppConfig'];
  const { version } = (config as { runtime: { version: string } }).runtime;
  expect(container.image).toBe(
    `mcr.microsoft.com/devcontainers/typescript-node:${version}-bookworm`,
  );
  expect(container.features).toEqual({
    'ghcr.io/jlaundry/devcontainer-features/azure-functions-core-tools:1': {},
    'ghcr.io/azure/azure-dev/azd:latest': {},
    'ghcr.io/devcontainers/features/azure-cli:1': { installBicep: true },
    'ghcr.io/devcontainers/features/powershell:1': {},
  });
  expect(container.postCreateCommand).toBe('npm ci && npm run build');
  const { recommendations } = jsonAt<{ recommendations: readonly string[] }>(
    '.vscode/extensions.json',
  );
  expect(container.customizations.vscode.extensions).toEqual(recommendations);
});

interface EditorTask {
  readonly label: string;
  readonly dependsOn?: string | readonly string[];
}

test('every task and every program that the editor starts exists', () => {
  const { tasks } = jsonAt<{ tasks: readonly EditorTask[] }>('.vscode/tasks.json');
  const { configurations } = jsonAt<{
    configurations: readonly { preLaunchTask?: string; program?: string }[];
  }>('.vscode/launch.json');
  const settings = jsonAt<Readonly<Record<string, string>>>('.vscode/settings.json');
  const started = [
    ...tasks.flatMap(({ dependsOn = [] }) => dependsOn),
    ...configurations.flatMap(({ preLaunchTask = [] }) => preLaunchTask),
    settings['azureFunctions.preDeployTask'] ?? '',
  ];
  const labels = tasks.map(({ label }) => label);
  expect(started.filter((label) => !labels.includes(label))).toEqual([]);
  const programs = configurations.flatMap(({ program }) => {
    const file = program?.replace('${workspaceFolder}/', '');
    return file === undefined ? [] : [file.replace(/^dist\/(.*)\.js$/, '$1.ts')];
  });
  expect(programs).toEqual(['local/cli/up.ts', 'node_modules/vitest/vitest.mjs']);
  expect(programs.filter((file) => !existsSync(path.join(root, file)))).toEqual([]);
});

test('editor and azd upload the same folder, to the app that the deployment creates', () => {
  const settings = jsonAt<Readonly<Record<string, string>>>('.vscode/settings.json');
  expect(settings['azureFunctions.deploySubpath']).toBe(project.services['app']?.dist);
  const services = plannedFor(profile('plain')).flatMap(({ body }) => {
    const tags = (body['tags'] ?? {}) as Readonly<Record<string, string>>;
    return tags['azd-service-name'] ?? [];
  });
  expect(services).toEqual(Object.keys(project.services));
});
