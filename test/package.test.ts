import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly engines: { readonly node: string };
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

interface Locked {
  readonly version: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly hasInstallScript?: boolean;
}

const manifest = read<Manifest>('package.json');
const { packages } = read<{ readonly packages: Readonly<Record<string, Locked>> }>(
  'package-lock.json',
);
const installed = Object.entries(packages).filter(([where]) => where !== '');

function read<Content>(file: string): Content {
  return JSON.parse(readFileSync(path.resolve(__dirname, '..', file), 'utf8')) as Content;
}

function nameOf(where: string): string {
  return where.slice(where.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

test('one file says which versions go together, each of them exactly [GD42, PY3]', () => {
  const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  const floating = wanted.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  const locked = wanted.map(([name]) => [name, packages[`node_modules/${name}`]?.version]);

  expect(floating).toEqual([]);
  expect(locked).toEqual(wanted);
  expect(manifest.engines.node).toBe('>=20.19');
});

test('the lock file names the binaries of every platform, without which npm ci refuses it', () => {
  const present = new Set(installed.map(([where]) => nameOf(where)));
  const missing = installed.flatMap(([, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !present.has(name)),
  );
  expect(missing).toEqual([]);
});

test('no package runs a program of its own when it is installed', () => {
  const withScript = installed
    .filter(([, { hasInstallScript }]) => hasInstallScript === true)
    .map(([where]) => nameOf(where));
  const unsettled = withScript.filter((name) => manifest.allowScripts[name] !== false);
  expect(withScript.length).toBeGreaterThan(0);
  expect(unsettled).toEqual([]);
});
