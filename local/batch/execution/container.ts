import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ContainerRegistry, ContainerSettings } from '../bodies/common';
import { splitCommandLine } from '../command-line';
import { StepFailed, failureOf } from './failures';
import type { Execution } from './execution';

/** Supported container runtimes; the first that is installed and running is used. */
const RUNTIMES = ['docker', 'podman'] as const;

type Runtime = (typeof RUNTIMES)[number];

const found = new Map<string, Promise<Runtime | undefined>>();

/** The container runtime of this machine; looked up once. */
function containerRuntime(searchPath: string): Promise<Runtime | undefined> {
  const known = found.get(searchPath) ?? findRuntime(searchPath);
  found.set(searchPath, known);
  return known;
}

async function findRuntime(searchPath: string): Promise<Runtime | undefined> {
  for (const runtime of RUNTIMES) {
    const { exitCode } = await call(runtime, ['version'], { PATH: searchPath });
    if (exitCode === 0) return runtime;
  }
  return undefined;
}

interface CallResult {
  readonly exitCode: number;
  readonly output: string;
  /** The end of the standard error output. */
  readonly errorOutput: string;
}

type Variables = Readonly<Record<string, string>>;

function call(
  command: string,
  args: readonly string[],
  environment: Variables,
  input = '',
): Promise<CallResult> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env: { ...environment }, stdio: 'pipe' });
    let output = '';
    let errorOutput = '';
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString();
    });
    child.stderr.on('data', (text: Buffer) => {
      errorOutput = `${errorOutput}${text.toString()}`.slice(-1000);
    });
    child.once('error', (error) => resolve({ exitCode: -1, output, errorOutput: error.message }));
    child.once('close', (exitCode) => resolve({ exitCode: exitCode ?? -1, output, errorOutput }));
    child.stdin.on('error', () => {
      // The process ended without reading its input; its exit code has the reason.
    });
    child.stdin.end(input);
  });
}

/** The command of a container task, and the way to stop its container. */
export interface ContainerProgram {
  readonly argv: readonly string[];
  /** Stops the container; killing the client alone would leave it running. */
  readonly stop: () => Promise<unknown>;
  readonly name: string;
}

/**
 * The command that runs a task as the node agent does: with the node's root mounted at the same
 * path, every variable of the task, the task's directory as working directory, and the user's
 * options after ours. An empty command line runs the image's own entry point; any other replaces
 * it.
 */
export async function containerProgram(
  settings: ContainerSettings,
  work: Execution,
  args: readonly string[],
): Promise<ContainerProgram> {
  const { environment, folder, nodeId } = work;
  const runtime = await runtimeFor(settings.imageName, environment);
  if (settings.registry !== undefined) await logIn(runtime, settings.registry, environment);
  const root = environment['AZ_BATCH_NODE_ROOT_DIR'] ?? folder;
  const name = `batch-${path.relative(root, folder).replace(/[^A-Za-z0-9_.-]/g, '-')}-${nodeId.slice(6, 18)}`;
  const variables = Object.keys(environment)
    .filter((variable) => variable !== 'PATH' && variable !== 'HOME')
    .flatMap((variable) => ['--env', variable]);
  const [command, ...rest] = args;
  const argv = [
    runtime,
    'run',
    ...authOptions(runtime, environment),
    '--rm',
    '--name',
    name,
    '--label',
    `${NODE_LABEL}=${nodeId}`,
    '--volume',
    `${root}:${root}`,
    ...userOptions(),
    ...variables,
    ...(settings.workingDirectory === 'containerImageDefault'
      ? []
      : ['--workdir', path.join(folder, 'wd')]),
    ...splitCommandLine(settings.containerRunOptions ?? ''),
    ...(command === undefined ? [] : ['--entrypoint', command]),
    settings.imageName,
    ...rest,
  ];
  return { argv, name, stop: () => call(runtime, ['kill', name], withoutMark(environment)) };
}

/** The process that stops a container must not count as a process of the task that is stopped. */
function withoutMark(environment: Variables): Variables {
  const own = Object.entries(environment).filter(([name]) => !name.startsWith('AZ_BATCH_'));
  return Object.fromEntries(own);
}

const NODE_LABEL = 'batch.node';

/** Files that the container creates belong to the user of the task. */
function userOptions(): readonly string[] {
  const user = process.getuid?.();
  const group = process.getgid?.();
  return user === undefined || group === undefined ? [] : ['--user', `${user}:${group}`];
}

async function runtimeFor(image: string, environment: Variables): Promise<Runtime> {
  const runtime = await containerRuntime(environment['PATH'] ?? '');
  if (runtime !== undefined) return runtime;
  throw new StepFailed(failureOf('ContainerRuntimeNotFound', [{ name: 'Image', value: image }]));
}

/**
 * The file in which podman stores registry credentials: below the node's home, as docker does by
 * default. Otherwise they would be in a file of this machine's user.
 */
const authFile = (environment: Variables): string =>
  path.join(environment['HOME'] ?? '', '.registries.json');

function authOptions(runtime: Runtime, environment: Variables): readonly string[] {
  const file = authFile(environment);
  return runtime === 'podman' && existsSync(file) ? ['--authfile', file] : [];
}

/** Logs in under the node's own home, so that this machine's user keeps no password of a pool. */
async function logIn(
  runtime: Runtime,
  { registryServer, username, password }: ContainerRegistry,
  environment: Variables,
): Promise<void> {
  if (username === undefined || password === undefined) return;
  const own = runtime === 'podman' ? ['--authfile', authFile(environment)] : [];
  const server = registryServer ?? HUB;
  const args = ['login', ...own, '--username', username, '--password-stdin', server];
  const { exitCode, errorOutput } = await call(runtime, args, environment, password);
  if (exitCode === 0) return;
  const details = [
    { name: 'Registry', value: server },
    { name: 'Message', value: errorOutput },
  ];
  throw new StepFailed(failureOf('ContainerRegistryAccessDenied', details));
}

export interface Prefetch {
  readonly images: readonly string[];
  readonly registries: readonly ContainerRegistry[];
}

/**
 * Pulls a pool's images to a node before anything runs there; returns those that exist on this
 * machine only.
 *
 * Unlike Azure: an image that cannot be pulled but was built or imported here is used as it is, so
 * that it can be tested before it is pushed. This does not apply to a registry that the pool logs
 * in to: there the pull itself is tested.
 */
export async function prefetch(
  { images, registries }: Prefetch,
  environment: Variables,
  nodeId: string,
): Promise<readonly string[]> {
  const [first] = images;
  if (first === undefined) return [];
  const runtime = await runtimeFor(first, environment);
  await removeLeftovers(runtime, environment, nodeId);
  for (const registry of registries) await logIn(runtime, registry, environment);
  const own: string[] = [];
  for (const image of images) {
    const { exitCode, errorOutput } = await call(
      runtime,
      ['pull', ...authOptions(runtime, environment), image],
      environment,
    );
    if (exitCode === 0) continue;
    const isPrivate = registries.some(
      ({ registryServer = HUB }) => registryServer === hostOf(image),
    );
    if (isPrivate || !(await hasImage(runtime, image, environment))) {
      const details = [
        { name: 'Image', value: image },
        { name: 'Message', value: errorOutput },
      ];
      throw new StepFailed(failureOf('ContainerInvalidImage', details));
    }
    own.push(image);
  }
  return own;
}

const HUB = 'docker.io';

/** The part before the first slash, if it can be a host; without one an image is of Docker Hub. */
function hostOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  return rest.length > 0 && /[.:]|^localhost$/.test(first) ? first : HUB;
}

async function hasImage(runtime: Runtime, image: string, environment: Variables): Promise<boolean> {
  const { exitCode } = await call(runtime, ['image', 'inspect', image], environment);
  return exitCode === 0;
}

/** Containers of a stand-in that was killed continue without it. */
async function removeLeftovers(
  runtime: Runtime,
  environment: Variables,
  nodeId: string,
): Promise<void> {
  const filter = `label=${NODE_LABEL}=${nodeId}`;
  const { output } = await call(runtime, ['ps', '--quiet', '--filter', filter], environment);
  const names = output.split('\n').filter((name) => name !== '');
  if (names.length > 0) await call(runtime, ['kill', ...names], environment);
}
