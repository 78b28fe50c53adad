import type { BatchServiceClient } from '@azure/batch';
import type { BlobServiceClient } from '@azure/storage-blob';
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { realClock, type Clock } from '../../local/clock';
import { startEnvironment, type Environment, type EnvironmentStart } from '../../local/environment';
import { ANY_PORTS, type Ports } from '../../local/ports';
import { batchClient, blobService } from '../../local/cli/storage-access';
import { hasEnded, type Run } from '../../local/cli/runs';
import { vi } from 'vitest';
import { checkAnswer, operationFor } from '../api/answers';

// What `eventually` gives up on it explains; a timeout of the runner would only cut it short.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 300_000 });

/**
 * The whole environment with a compiled app in it, looked at from outside alone: the app's API,
 * blobs, the Batch service through its own client. The one lever inside is `/_local` of the Batch
 * stand-in, which makes happen what Azure does when it likes.
 */
export interface World {
  readonly environment: Addresses;
  readonly folder: string;
  readonly blobs: BlobServiceClient;
  readonly batch: BatchServiceClient;
  /** Every line that a part has written, with the part's name in front. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

/** A world whose parent is this process. */
export interface OwnWorld extends World {
  readonly clock: Clock;
  /** Storage, Batch and the Functions host. */
  readonly parts: Environment['parts'];
}

/** Where everything is, as another process can be told. */
export interface Addresses extends Pick<
  Environment,
  'appUrl' | 'batch' | 'vaultUrl' | 'certificate'
> {
  readonly storage: Pick<Environment['storage'], 'blobUrl' | 'queueUrl' | 'tableUrl' | 'account'>;
}

export interface WorldStart {
  readonly name: string;
  /** `shipped` is what `npm run build` makes; `testing` has the workloads of `app/`, the others those of their own folder. */
  readonly app?: 'shipped' | 'testing' | 'pools' | 'shapes' | 'schedules';
  /** Of an earlier world, to go on where that one was; a fresh one when absent. */
  readonly folder?: string;
  readonly ports?: Ports;
  readonly speed?: number;
  readonly clockAt?: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly nodes?: EnvironmentStart['nodes'];
  /** In the vault from the start. */
  readonly secrets?: Readonly<Record<string, string>>;
}

export const root = resolve(__dirname, '..', '..');
const partsFolder = join(root, 'dist', 'local');
export const SPEED = 60;

export function freshFolder(name: string): string {
  const parent = join(root, '.nightshift');
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, `test-${name}-`));
}

export async function openWorld(start: WorldStart): Promise<OwnWorld> {
  const folder = start.folder ?? freshFolder(start.name);
  const lines: string[] = [];
  const environment = await startEnvironment({
    ...(await optionsOf({ ...start, folder })),
    log: (part, line) => lines.push(`${part}: ${line}`),
  });
  const { clock, parts } = environment;
  return { ...worldAt(environment, folder, lines, () => environment.stop()), clock, parts };
}

/** A world of which only the addresses are known. */
export function worldAt(
  environment: Addresses,
  folder: string,
  lines: readonly string[],
  stop: () => Promise<void>,
): World {
  return {
    environment,
    folder,
    blobs: blobService(environment),
    batch: batchClient(environment),
    lines,
    stop,
  };
}

/** All that the environment is told; plain JSON, so that another process can start the same one. */
export async function optionsOf(
  start: WorldStart & { readonly folder: string },
): Promise<Omit<EnvironmentStart, 'log'>> {
  if (!existsSync(join(partsFolder, 'batch-part.js'))) {
    throw new Error('The app is not built, and journeys drive the built one: npm run build first.');
  }
  if (start.secrets !== undefined) {
    const file = join(start.folder, 'vault.json');
    writeFileSync(file, JSON.stringify(start.secrets), { mode: 0o600 });
  }
  return {
    folder: start.folder,
    appFolder: await appFolderOf(start),
    partsFolder,
    speed: start.speed ?? SPEED,
    ports: start.ports ?? ANY_PORTS,
    ...(start.clockAt !== undefined && { clockAt: start.clockAt }),
    // oxlint-disable-next-line eslint/no-restricted-properties -- the PATH that the parts are given
    machine: process.env,
    ...(start.settings !== undefined && { settings: start.settings }),
    ...(start.nodes !== undefined && { nodes: start.nodes }),
  };
}

async function appFolderOf({
  app,
  folder,
}: WorldStart & { readonly folder: string }): Promise<string> {
  if (app === undefined || app === 'shipped') return root;
  return testApp(join(folder, 'app'), join(__dirname, app === 'testing' ? 'app' : app));
}

/** An app of these tests, compiled like the shipped one. Below the repository, where its libraries are found. */
async function testApp(folder: string, source: string): Promise<string> {
  await build({
    entryPoints: [join(source, 'main.ts')],
    outfile: join(folder, 'dist', 'main.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    logLevel: 'warning',
  });
  const shared = join(folder, 'dist', 'workloads', 'shared');
  cpSync(join(root, 'dist', 'src', 'workloads', 'shared'), shared, { recursive: true });
  cpSync(join(source, 'programs'), shared, { recursive: true });
  const console = join('dist', 'console');
  cpSync(join(root, 'dist', 'src', 'console'), join(folder, console), { recursive: true });
  cpSync(join(root, 'host.json'), join(folder, 'host.json'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ main: 'dist/main.js' }));
  return folder;
}

/** Stops the world and removes its state. */
export async function closeWorld(world: World | undefined): Promise<void> {
  if (world === undefined) return;
  await world.stop();
  rmSync(world.folder, { recursive: true, force: true, maxRetries: 3 });
}

/** The ports it has now: SAS that nodes hold name them, so an environment that comes back needs them. */
export function portsOf({ appUrl, storage, batch, vaultUrl }: Addresses): Ports {
  const of = (url: string) => Number(new URL(url).port);
  return {
    ...ANY_PORTS,
    app: of(appUrl),
    blob: of(storage.blobUrl),
    queue: of(storage.queueUrl),
    table: of(storage.tableUrl),
    batch: of(batch.url),
    vault: of(vaultUrl),
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** One request to the app's API; the body is sent and read as JSON. */
export async function ask(
  world: World,
  call: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const [method = '', path = ''] = call.split(' ');
  const response = await fetch(`${world.environment.appUrl}${path}`, {
    method,
    headers: { ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = {
    status: response.status,
    headers: response.headers,
    body: text === '' ? null : JSON.parse(text),
  };
  const operation = operationFor(method, path);
  // What the host or storage answers is not the app's.
  if (operation !== null && isOfApp(response)) checkAnswer(operation, answer);
  return answer;
}

function isOfApp({ redirected, headers }: Response): boolean {
  return !redirected && (headers.get('content-type') ?? '').includes('json');
}

/** For a pace of the stand-in: a state that a test has to end itself. */
export const NEVER_SECONDS = 1_000_000;

export interface Gate {
  /** For the parameter `gate` of a run: its tasks keep running until the gate is open. */
  readonly gate: string;
  open(): void;
}

/** Holds running tasks, so that what a test polls for stays until the test has seen it. */
export function closedGate({ folder }: World): Gate {
  const gate = join(folder, `gate-${randomUUID()}`);
  return { gate, open: () => writeFileSync(gate, '') };
}

/** Starts a run over HTTP and returns its id. */
export async function begin(
  world: World,
  workload: string,
  parameters: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { status, body } = await ask(world, `POST /api/runs/${workload}`, { parameters }, headers);
  if (status !== 202) throw new Error(`${workload} was not started: ${JSON.stringify(body)}`);
  return (body as { runId: string }).runId;
}

export async function show(world: World, runId: string): Promise<Run> {
  return (await ask(world, `GET /api/runs/${runId}`)).body as Run;
}

export async function runsOf(world: World, workload: string): Promise<readonly Run[]> {
  const { status, body } = await ask(world, `GET /api/runs?workload=${workload}`);
  if (status !== 200) throw new Error(`the list of runs answers ${status}: ${lastLines(world)}`);
  return (body as { runs: readonly Run[] }).runs;
}

function lastLines({ lines }: World): string {
  // Looking at runs is what the tests themselves do all the time.
  const telling = lines.filter((line) => !line.includes(' runs-'));
  // What follows the end of a part can be hundreds of lines; what it said before tells why.
  const end = telling.findIndex((line) => line.includes(' ended by itself: '));
  const before = end === -1 ? [] : [...telling.slice(Math.max(0, end - 25), end + 1), '…'];
  return `the last lines of the environment:\n${[...before, ...telling.slice(-25)].join('\n')}`;
}

const LOOK_EVERY_MS = 50;
const GIVE_UP_AFTER_MS = 180_000;

/** Looks until there is something to see. A world that goes wrong says what it last wrote. */
export async function eventually<Found>(
  world: World,
  what: string,
  look: () => Promise<Found | undefined>,
  seen: () => unknown = () => undefined,
): Promise<Found> {
  const giveUpAt = realClock.now().getTime() + GIVE_UP_AFTER_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (realClock.now().getTime() > giveUpAt) {
      const seconds = GIVE_UP_AFTER_MS / 1000;
      const last = JSON.stringify(seen(), null, 1) ?? '';
      throw new Error(`${what} did not come within ${seconds} s: ${last}\n${lastLines(world)}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

/**
 * The run when something about it holds. For conditions that stay until the test itself moves the
 * run on: a passing phase may come and go between two polls.
 */
export function when(
  world: World,
  runId: string,
  what: string,
  holds: (run: Run) => boolean,
): Promise<Run> {
  let run: Run | undefined;
  const look = async () => {
    run = await show(world, runId);
    if (holds(run)) return run;
    if (hasEnded(run)) throw new Error(`${runId} ended before "${what}": ${JSON.stringify(run)}`);
    return undefined;
  };
  return eventually(world, `${runId}: ${what}`, look, () => run);
}

/** The run when it has ended, however it has. */
export function ended(world: World, runId: string): Promise<Run> {
  return when(world, runId, 'the end', hasEnded);
}

/** `/_local` of the Batch stand-in. */
export async function pull(world: World, call: string, body?: unknown): Promise<unknown> {
  const [method = '', path = ''] = call.split(' ');
  const response = await fetch(`${world.environment.batch.url}/_local${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok)
    throw new Error(`${call} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

/** What a person reads who asks for a plan. */
export async function planRead(world: World, workload: string): Promise<string> {
  const program = join(root, 'scripts', 'nightshift.mjs');
  const words = [program, 'plan', workload, '--url', world.environment.appUrl];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return stdout;
}

/** What a run that has ended leaves behind, as the services themselves say. */
export interface Leftovers {
  readonly pool: string;
  readonly job: string;
  readonly staging: 'gone' | 'there';
  readonly outputs: 'gone' | 'there';
  /** `runs/records/<id>.json`. */
  readonly record: unknown;
}

/** What must be left: the outputs, if there are any, and the record. */
export function onlyRecord(run: Run, outputs: 'gone' | 'there' = 'there'): Leftovers {
  return {
    pool: 'PoolNotFound',
    job: 'JobNotFound',
    staging: 'gone',
    outputs,
    record: run.record,
  };
}

export async function leftBy(world: World, { runId }: Run): Promise<Leftovers> {
  const { blobs, batch } = world;
  const container = async (name: string) =>
    (await blobs.getContainerClient(name).exists()) ? 'there' : 'gone';
  const runs = blobs.getContainerClient('runs');
  const record = await runs.getBlobClient(`records/${runId}.json`).downloadToBuffer();
  return {
    pool: await refusal(batch.pool.get(runId)),
    job: await refusal(batch.job.get(runId)),
    staging: await container(`run-${runId}-in`),
    outputs: await container(`run-${runId}-out`),
    record: JSON.parse(record.toString('utf8')),
  };
}

/** The code of the service's refusal, or that there was none. */
async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return 'there';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

/** A blob of the run's output container, as text. */
export async function textOf(world: World, { runId }: Run, name: string): Promise<string> {
  const outputs = world.blobs.getContainerClient(`run-${runId}-out`);
  return (await outputs.getBlobClient(name).downloadToBuffer()).toString('utf8');
}
