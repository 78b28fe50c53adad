import { posix } from 'node:path';
import { transformSync } from 'esbuild';

/** A source file of the project, its path relative to the project's folder. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

interface Import {
  readonly from: string;
  /** A path without extension, or the name of a package. */
  readonly to: string;
  readonly isType: boolean;
}

/** What an import may not be, and why. The first row that says something counts. */
const rules: readonly ((one: Import) => string | undefined)[] = [
  ({ from, to }) =>
    (isIn('src', from) && isIn('local', to)) || (isIn('local', from) && isIn('src', to))
      ? 'src and local meet over HTTP, never by import'
      : undefined,
  ({ from, to }) =>
    isIn('src', from) && isIn('test', to) ? 'the app does not know its tests' : undefined,
  ({ to }) => (to === 'src/main' ? 'nothing imports the entry point' : undefined),
  ({ from, to }) =>
    to === 'src/functions' && from !== 'src/main.ts'
      ? 'only main.ts imports functions.ts'
      : undefined,
  ({ from, to }) =>
    SDKS.has(to) && isIn('src', from) && !isIn('src/azure', from)
      ? `only src/azure knows ${to}`
      : undefined,
  ({ from, to }) =>
    isIn('src/azure', to) &&
    isIn('src', from) &&
    !isIn('src/azure', from) &&
    !(from === 'src/functions.ts' && to === 'src/azure/connect')
      ? 'only functions.ts reaches into src/azure, and only for connect.ts'
      : undefined,
  ({ from, to }) =>
    isIn('src/azure', from) &&
    isIn('src', to) &&
    !isIn('src/azure', to) &&
    !PORTS.has(to) &&
    !(from === 'src/azure/connect.ts' && to === 'src/settings')
      ? 'src/azure sees the ports and their words, nothing else of the app'
      : undefined,
  ({ from, to }) =>
    isIn('src/run', from) && isIn('src', to) && !isIn('src/run', to) && !COMMON.has(to)
      ? 'src/run sees nothing of what is around it'
      : undefined,
  ({ from, to }) =>
    isIn('src/run', from) &&
    isPackage(to) &&
    !to.startsWith('node:') &&
    to !== 'zod' &&
    !(to === 'durable-functions' && BRIDGE.has(from))
      ? `src/run knows no SDK; durable-functions is let in by ${[...BRIDGE].join(' and ')}`
      : undefined,
  ({ from, to, isType }) =>
    BRIDGE.has(from) && to === 'src/run/activities' && !isType
      ? 'the workflow sees activities as types only'
      : undefined,
  ({ from, to }) =>
    isIn('src/workloads', from) &&
    isIn('src', to) &&
    !isIn('src/workloads', to) &&
    (isProgram(from) || to !== 'src/run/workload')
      ? 'a workload sees run/workload.ts, a program of a node nothing of the app'
      : undefined,
];

const SDKS: ReadonlySet<string> = new Set([
  '@azure/batch',
  '@azure/identity',
  '@azure/keyvault-secrets',
  '@azure/ms-rest-js',
  '@azure/storage-blob',
]);
/** What every part may use. */
const COMMON: ReadonlySet<string> = new Set(['src/failure', 'src/at-once']);
const PORTS: ReadonlySet<string> = new Set([
  ...COMMON,
  'src/run/ports',
  'src/run/run',
  'src/run/fields',
]);
const BRIDGE: ReadonlySet<string> = new Set(['src/run/steps.ts', 'src/run/workflow.ts']);

function isIn(folder: string, path: string): boolean {
  return path.startsWith(`${folder}/`);
}

function isPackage(to: string): boolean {
  return !/^(src|local|test)\//.test(to);
}

/** Programs are bundled for nodes, and so is what they share. */
function isProgram(path: string): boolean {
  return path.includes('/programs/') || isIn('src/workloads/shared', path);
}

/** Time, chance and environment are arguments. */
const ambient = ['Date.now', 'new Date()', 'Math.random', 'process.env'] as const;
type Ambient = (typeof ambient)[number];

/** The outermost files, which hand them in. */
export const allowances: Readonly<Record<string, readonly Ambient[]>> = {
  'src/main.ts': ['process.env'],
  'src/functions.ts': ['new Date()'],
  'src/azure/connect.ts': ['new Date()', 'Math.random'],
  'src/workloads/shared/lib/program.ts': ['new Date()', 'process.env'],
  'local/clock.ts': ['Date.now'],
  'local/up.ts': ['process.env'],
  'local/demo.ts': ['Date.now', 'process.env'],
  'local/batch-part.ts': ['Math.random'],
  'local/batch/main.ts': ['Math.random', 'process.env'],
  'local/functions/main.ts': ['process.env'],
};

/** Every wrong arrow and every reach for what should be an argument, a line each. */
export function boundaryMistakes(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => [...wrongArrows(source), ...ambientUses(source)]);
}

function wrongArrows(source: Source): readonly string[] {
  return importsOf(source).flatMap((one) => {
    const reason = rules.map((rule) => rule(one)).find((found) => found !== undefined);
    return reason === undefined ? [] : [`${one.from} imports ${one.to}: ${reason}`];
  });
}

function ambientUses(source: Source): readonly string[] {
  const allowed = allowances[source.path] ?? [];
  return usedIn(source)
    .filter((word) => !allowed.includes(word))
    .map((word) => `${source.path} uses ${word}: take it as an argument`);
}

/** Which of these a file uses, its comments left aside. */
export function usedIn({ text }: Source): readonly Ambient[] {
  const { code } = transformSync(text, { loader: 'ts', legalComments: 'none', target: 'es2023' });
  return ambient.filter((word) => code.includes(word));
}

function importsOf({ path, text }: Source): readonly Import[] {
  const statements = text.matchAll(
    /\b(?:import|export)\b(\s+type\b)?[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]|\b(?:import|require)(?:\.resolve)?\s*\(?\s*['"]([^'"]+)['"]/g,
  );
  return [...statements].map(([, type, from, bare]) => ({
    from: path,
    to: resolved(path, from ?? bare ?? ''),
    isType: type !== undefined,
  }));
}

function resolved(path: string, to: string): string {
  if (!to.startsWith('.')) return to;
  return posix.join(posix.dirname(path), to).replace(/\.(?:m|c)?[jt]s$/, '');
}
