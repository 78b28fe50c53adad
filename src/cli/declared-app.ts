import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Plugin } from 'esbuild';
import type { DeclaredApp } from '../rehearse/plan-rehearsal';
import { WrongCall } from './program';

/**
 * The declarations of an app, from the sources of its entry point: `main.ts` hands them to
 * `registerApp`, which is replaced by one that keeps them, so that no service is connected.
 */
export async function declaredApp(
  root: string,
  environment: DeclaredApp['environment'],
): Promise<DeclaredApp> {
  const workloads = await declarationsIn(root);
  return { workloads, environment: { ...localSettings(root), ...withoutEmpty(environment) } };
}

const STAND_IN = `
  export const kept = [];
  export function registerApp({ workloads }) { kept.push(...workloads); }
`;
const ENTRY = ['main', 'functions'].map((file) => `export * from './${file}';`).join('\n');

/** Keeps the workloads instead of registering them. */
const standIn: Plugin = {
  name: 'declarations',
  setup: (build) => {
    build.onResolve({ filter: /^\.\/functions$/ }, () => ({ path: 'kept', namespace: 'kept' }));
    build.onLoad({ filter: /.*/, namespace: 'kept' }, () => ({ contents: STAND_IN }));
  },
};

async function declarationsIn(root: string): Promise<DeclaredApp['workloads']> {
  const { build } = await import('esbuild');
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents: ENTRY, resolveDir: path.join(root, 'src'), loader: 'ts' },
    plugins: [standIn],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    write: false,
    logLevel: 'error',
  });
  const file = path.join(root, 'dist', 'cli', 'declared-app.js');
  mkdirSync(path.dirname(file), { recursive: true });
  // Another call at the same time reads the old file or the new one, never a part.
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, outputFiles[0]?.contents ?? '');
  renameSync(temporary, file);
  const { kept } = createRequire(file)(file) as { readonly kept: DeclaredApp['workloads'] };
  return kept;
}

/** The values of `local.settings.json`, which a variable of the environment overrides. */
function localSettings(root: string): Readonly<Record<string, string>> {
  const file = path.join(root, 'local.settings.json');
  if (!existsSync(file)) return {};
  const values = valuesIn(file);
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? [[name, String(value)]]
        : [],
    ),
  );
}

function valuesIn(file: string): Readonly<Record<string, unknown>> {
  try {
    const { Values: values = {} } = JSON.parse(readFileSync(file, 'utf8')) as { Values?: object };
    return values as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new WrongCall(`${file} is not JSON (${String(error)})`);
  }
}

function withoutEmpty(environment: DeclaredApp['environment']): DeclaredApp['environment'] {
  return Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
}
