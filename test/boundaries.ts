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
  /** True for `import('…')`, which loads the file when it is reached. */
  readonly isDynamic: boolean;
}

/**
 * The rooms of `src` and what each may import of the others, itself aside. `azure` sees of `run`
 * the ports and data only; a row below says so.
 */
export const rooms: Readonly<Record<string, readonly string[]>> = {
  'failure.ts': [],
  'concurrency.ts': [],
  workload: ['failure.ts', 'concurrency.ts'],
  run: ['failure.ts', 'concurrency.ts', 'workload'],
  ledger: ['failure.ts', 'concurrency.ts', 'workload', 'run'],
  notify: ['failure.ts', 'workload', 'run', 'ledger'],
  telemetry: ['about.ts', 'failure.ts', 'run', 'ledger'],
  azure: ['failure.ts', 'concurrency.ts', 'workload', 'run', 'ledger', 'settings.ts'],
  'about.ts': [],
  'settings.ts': [
    'about.ts',
    'failure.ts',
    'workload',
    'run',
    'ledger',
    'telemetry',
    'schedules-in-force.ts',
  ],
  'schedules-in-force.ts': ['workload', 'ledger'],
  'describe-settings.ts': ['settings.ts', 'workload'],
  'instances.ts': ['failure.ts', 'run', 'ledger'],
  'app.ts': ['about.ts', 'failure.ts', 'instances.ts', 'ledger', 'workload', 'run'],
  'former-version.ts': ['app.ts', 'instances.ts', 'ledger', 'run'],
  'log-endings.ts': ['ledger'],
  'start-run.ts': [
    'app.ts',
    'former-version.ts',
    'ledger',
    'failure.ts',
    'instances.ts',
    'workload',
    'run',
  ],
  'retry-run.ts': ['app.ts', 'start-run.ts', 'ledger', 'failure.ts', 'run'],
  api: [
    'app.ts',
    'ledger',
    'failure.ts',
    'concurrency.ts',
    'instances.ts',
    'settings.ts',
    'start-run.ts',
    'retry-run.ts',
    'workload',
    'run',
  ],
  triggers: [
    'app.ts',
    'former-version.ts',
    'ledger',
    'failure.ts',
    'concurrency.ts',
    'instances.ts',
    'start-run.ts',
    'workload',
    'run',
  ],
  workloads: ['workload'],
  rehearse: [
    'app.ts',
    'failure.ts',
    'instances.ts',
    'settings.ts',
    'start-run.ts',
    'workload',
    'run',
    'ledger',
    'triggers',
    'api',
  ],
  client: [],
  cli: ['azure', 'client', 'rehearse'],
  console: ['client', 'api'],
  'functions.ts': [
    'app.ts',
    'former-version.ts',
    'log-endings.ts',
    'notify',
    'telemetry',
    'ledger',
    'failure.ts',
    'settings.ts',
    'describe-settings.ts',
    'workload',
    'run',
    'azure',
    'api',
    'triggers',
  ],
  'main.ts': ['functions.ts', 'workloads'],
};

/** Restrictions on imports beside those between rooms. The first row that applies is reported. */
const rules: readonly ((one: Import) => string | undefined)[] = [
  ({ from, to }) =>
    (isIn('src', from) && isIn('local', to)) || (isIn('local', from) && isIn('src', to))
      ? 'src and local meet over HTTP, never by import'
      : undefined,
  ({ from, to }) =>
    isIn('src', from) && isIn('test', to) ? 'the app does not know its tests' : undefined,
  ({ from, to }) =>
    SDKS.has(to) && isIn('src', from) && !isIn('src/azure', from)
      ? `only src/azure knows ${to}`
      : undefined,
  ({ from, to }) =>
    to === 'commander' && isIn('src', from) && !isIn('src/cli', from)
      ? 'only src/cli knows commander'
      : undefined,
  ({ from, to }) =>
    to === 'standardwebhooks' && isIn('src', from) && !isIn('src/notify', from)
      ? 'only src/notify knows standardwebhooks'
      : undefined,
  ({ from, to, isType }) =>
    to.startsWith('@opentelemetry/') && isIn('src', from) && from !== OTLP && !isType
      ? `only ${OTLP} knows OpenTelemetry`
      : undefined,
  ({ from, to, isType, isDynamic }) =>
    `${to}.ts` === OTLP && isIn('src', from) && !isType && !isDynamic
      ? 'OpenTelemetry is loaded where telemetry is switched on, by a dynamic import'
      : undefined,
  ({ from, to }) =>
    isIn('src/client', from) && isPackage(to)
      ? 'the client of the API needs nothing but fetch'
      : undefined,
  ({ from, to, isType }) =>
    isIn('src/console', from) && isIn('src/api', to) && !(isType && isIn('src/api/schemas', to))
      ? 'the console sees of the API the types of its schemas'
      : undefined,
  ({ from, to }) =>
    BROWSER.has(to) && isIn('src', from) && !isIn('src/console', from)
      ? `only src/console knows ${to}`
      : undefined,
  ({ from, to }) =>
    isIn('src/console', from) && to.startsWith('node:')
      ? 'the console runs in a browser'
      : undefined,
  ({ from, to }) =>
    from === 'src/functions.ts' && isIn('src/azure', to) && to !== 'src/azure/connect'
      ? 'functions.ts sees only connect.ts of src/azure'
      : undefined,
  ({ from, to }) =>
    isIn('src/azure', from) && isIn('src', to) && !isIn('src/azure', to) && !seenByAzure(from, to)
      ? 'src/azure sees the ports and their data, nothing else of the app'
      : undefined,
  ({ from, to }) =>
    (isIn('src/run', from) || isIn('src/workload', from) || isIn('src/ledger', from)) &&
    isPackage(to) &&
    to !== 'croner' &&
    !to.startsWith('node:') &&
    to !== 'zod' &&
    !(to === 'durable-functions' && BRIDGE.has(from))
      ? `this room knows no SDK; durable-functions is let in by ${[...BRIDGE].join(' and ')}`
      : undefined,
  ({ from, to, isType }) =>
    BRIDGE.has(from) && to === 'src/run/activities' && !isType
      ? 'the workflow sees activities as types only'
      : undefined,
  ({ from, to }) =>
    isIn('src/workloads', from) &&
    isIn('src', to) &&
    !isIn('src/workloads', to) &&
    (isProgram(from) || to !== 'src/workload/workload')
      ? 'a workload sees workload/workload.ts, a program of a node nothing of the app'
      : undefined,
  ({ from, to }) => {
    if (!isIn('src', from) || !isIn('src', to)) return undefined;
    const [here, there] = [roomOf(from), roomOf(to)];
    const allowed = rooms[here];
    if (here === there || allowed?.includes(there) === true) return undefined;
    return allowed === undefined
      ? `${here} is not a room of src; add it to test/boundaries.ts`
      : `${here} may not import ${there}`;
  },
];

const SDKS: ReadonlySet<string> = new Set([
  '@azure/batch',
  '@azure/data-tables',
  '@azure/identity',
  '@azure/keyvault-secrets',
  '@azure/ms-rest-js',
  '@azure/storage-blob',
]);
/** The file that knows OpenTelemetry. */
const OTLP = 'src/telemetry/otlp.ts';
const BROWSER: ReadonlySet<string> = new Set([
  'preact',
  'preact/hooks',
  '@preact/signals',
  'preact-iso/lazy',
  'preact-iso/router',
  'uplot',
  'csv-parse/browser/esm/sync',
]);
const PORTS: ReadonlySet<string> = new Set([
  'src/failure',
  'src/concurrency',
  'src/run/ports',
  'src/run/finish/reads',
  'src/run/run',
  'src/ledger/table',
  'src/workload/fields',
]);
const BRIDGE: ReadonlySet<string> = new Set(['src/run/steps.ts', 'src/run/workflow.ts']);

function seenByAzure(from: string, to: string): boolean {
  return PORTS.has(to) || (from === 'src/azure/connect.ts' && to === 'src/settings');
}

/** The folder below `src`, or the file where there is none. Imports have no extension. */
function roomOf(path: string): string {
  const [, first = '', ...rest] = path.split('/');
  return rest.length > 0 || first.endsWith('.ts') ? first : `${first}.ts`;
}

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
  'src/cli/main.ts': ['new Date()', 'process.env'],
  'src/console/main.tsx': ['new Date()'],
  'src/workloads/shared/lib/program.ts': ['new Date()', 'process.env'],
  'local/clock.ts': ['Date.now'],
  'local/cli/up.ts': ['process.env'],
  'local/cli/demo.ts': ['Date.now', 'process.env'],
  'local/batch-part.ts': ['Math.random'],
  'local/batch/program.ts': ['Math.random', 'process.env'],
  'local/functions/main.ts': ['process.env'],
  'local/verify/main.ts': ['process.env'],
};

/** Every wrong import and every use of what should be an argument, one line each. */
export function boundaryErrors(sources: readonly Source[]): readonly string[] {
  return sources.flatMap((source) => [...wrongImports(source), ...ambientUses(source)]);
}

/** Groups of files that reach themselves through imports, types included; one line a group. */
export function importCycles(sources: readonly Source[]): readonly string[] {
  const paths = new Set(sources.map(({ path }) => path));
  const imports = new Map(
    sources.map((source) => [
      source.path,
      importsOf(source)
        .flatMap(({ to }) => [`${to}.ts`, `${to}.tsx`])
        .filter((to) => paths.has(to)),
    ]),
  );
  const cycles = [...paths].filter((path) => reachableFrom(path, imports).has(path));
  const groups = new Map<string, string[]>();
  for (const path of cycles) {
    const reached = reachableFrom(path, imports);
    const group = cycles.filter(
      (other) => reached.has(other) && reachableFrom(other, imports).has(path),
    );
    groups.set(group.join(' '), group);
  }
  return [...groups.values()].map((group) => `import cycle: ${group.join(', ')}`);
}

function reachableFrom(
  start: string,
  imports: ReadonlyMap<string, readonly string[]>,
): ReadonlySet<string> {
  const reached = new Set<string>();
  const open = [...(imports.get(start) ?? [])];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next)) continue;
    reached.add(next);
    open.push(...(imports.get(next) ?? []));
  }
  return reached;
}

function wrongImports(source: Source): readonly string[] {
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
export function usedIn({ path, text }: Source): readonly Ambient[] {
  const { code } = transformSync(text, {
    loader: path.endsWith('.tsx') ? 'tsx' : 'ts',
    legalComments: 'none',
    target: 'es2023',
  });
  return ambient.filter((word) => code.includes(word));
}

function importsOf({ path, text: source }: Source): readonly Import[] {
  const statements = source.matchAll(
    /\b(?:import|export)\b(\s+type\b)?[^'"`;()]*?\bfrom\s*['"]([^'"]+)['"]|\b(?:import|require)(?:\.resolve)?\s*\(?\s*['"]([^'"]+)['"]/g,
  );
  return [...statements].map(([text, type, from, bare]) => ({
    from: path,
    to: resolved(path, from ?? bare ?? ''),
    isType: type !== undefined,
    isDynamic: bare !== undefined && /^import\s*\(/.test(text),
  }));
}

function resolved(path: string, to: string): string {
  if (!to.startsWith('.')) return to;
  return posix.join(posix.dirname(path), to).replace(/\.(?:m|c)?[jt]sx?$/, '');
}
