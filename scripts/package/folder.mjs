// The folder that is deployed: compiled app, host.json, and a manifest and lock file that know of
// production dependencies only. Nothing else, and nothing of this machine.

import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';

export function makeFolder(root, folder, durableBackend) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(root, 'dist/src'), path.join(folder, 'dist/src'), { recursive: true });
  const host = readJson(path.join(root, 'host.json'));
  writeJson(path.join(folder, 'host.json'), hostFor(host, durableBackend));
  // azd reads it here: what was installed to try the package out is not sent along.
  cpSync(path.join(root, '.funcignore'), path.join(folder, '.funcignore'));

  const manifest = readJson(path.join(root, 'package.json'));
  const { name, version, description, license, main, dependencies, engines } = manifest;
  // Without scripts: Azure would run "build", for which there is nothing here.
  writeJson(path.join(folder, 'package.json'), {
    name,
    version,
    private: true,
    description,
    license,
    main,
    dependencies,
    engines,
  });
  const lock = readJson(path.join(root, 'package-lock.json'));
  writeJson(path.join(folder, 'package-lock.json'), productionLock(lock));
}

const SCHEDULER = {
  type: 'azureManaged',
  connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING',
};

/**
 * What decides how many instances run reads the file alone, not the settings that overrule it, and
 * would watch the wrong store: https://github.com/Azure/azure-functions-durable-extension/issues/2803
 */
export function hostFor(host, durableBackend = 'AzureStorage') {
  if (durableBackend !== 'DurableTaskScheduler') return host;
  const { durableTask } = host.extensions;
  const withScheduler = { ...durableTask, storageProvider: SCHEDULER };
  return { ...host, extensions: { ...host.extensions, durableTask: withScheduler } };
}

/** The same versions with the same hashes, less what only development needs. */
export function productionLock(lock) {
  const { '': top, ...packages } = lock.packages;
  const { devDependencies: _, ...ownTop } = top;
  const kept = Object.entries(packages).filter(([, { dev }]) => dev !== true);
  return { ...lock, packages: { '': ownTop, ...Object.fromEntries(kept) } };
}

/** What may be in the folder, beside installed packages. */
const EXPECTED = [
  /^(\.funcignore|host\.json|package(-lock)?\.json)$/,
  /^dist\/src\/[\w./-]+\.(js|js\.map|mjs)$/,
  /^dist\/src\/console\/(index\.html|assets\/[\w-]+\.(js|css))$/,
  // The programs of a workload, and what they need, may be anything but what hides its name.
  /^dist\/src\/workloads\/(?!.*\/(\.|local\.settings))[\w-]+\/./,
];

/** What a secret looks like, and what only this machine has. */
const SECRETS = [
  [/AccountKey=[A-Za-z0-9+/]{20}/, 'an account key'],
  [
    /Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/,
    'the key of the local storage',
  ],
  [/[?&]sig=[A-Za-z0-9%+/]{20}/, 'a signature'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key'],
  [/\beyJ[A-Za-z0-9_-]{20,}\.eyJ/, 'a token'],
  [/DefaultEndpointsProtocol=https?;AccountName=\w/, 'a connection string'],
];

/** Everything in the folder that does not belong there. */
export function intrudersIn(folder) {
  const files = globSync('**/*', { cwd: folder, dot: true, ignore: 'node_modules/**' });
  return files.flatMap((file) => {
    if (!EXPECTED.some((form) => form.test(file))) return [`${file}: not part of the app`];
    const text = readFileSync(path.join(folder, file), 'utf8');
    return SECRETS.filter(([pattern]) => pattern.test(text)).map(
      ([, what]) => `${file}: holds ${what}`,
    );
  });
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

export function writeJson(file, value) {
  writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
