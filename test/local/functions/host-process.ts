import { fork, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { globSync } from 'tinyglobby';
import { afterAll } from 'vitest';

/** Real host processes for tests, made from the sources as they are. */

const root = path.resolve(__dirname, '../../..');
let built: string | undefined;

/** Transpiles the host once a test file; the answer is its `main.js`. */
export function builtHost(): string {
  if (built !== undefined) return built;
  const outdir = path.join(root, 'out', `host-${process.pid}`);
  buildSync({
    entryPoints: globSync(
      [
        'local/functions/**/*.ts',
        'local/{clock,command-line,error-line,errors,folder-lock,http}.ts',
      ],
      {
        cwd: root,
        absolute: true,
      },
    ),
    outbase: root,
    outdir,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    sourcemap: 'inline',
  });
  folders.push(outdir);
  built = path.join(outdir, 'local/functions/main.js');
  return built;
}

export function fixture(name: string): string {
  return path.join(__dirname, 'fixtures', name);
}

const folders: string[] = [];

/** A folder of its own for a test; it goes when the tests of the file are over. */
export function temporaryFolder(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'functions-host-'));
  folders.push(folder);
  return folder;
}

// Hooks run last first, so whatever uses a folder has ended by then.
afterAll(() => {
  for (const folder of folders) fs.rmSync(folder, { recursive: true, force: true });
});

export interface HostProcess {
  readonly url: string;
  readonly rpcUrl: string;
  readonly child: ChildProcess;
  /** What the app and the host have told over the channel, in order. */
  readonly told: readonly Record<string, unknown>[];
  /** Everything written so far. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export interface HostProcessOptions {
  readonly app: string;
  readonly data: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

/** Starts a host and waits until it is up; rejects with its output when it ends before. */
export function startHostProcess(options: HostProcessOptions): Promise<HostProcess> {
  const { app, data, environment, args = [] } = options;
  return startProgram({
    args: ['--app', app, '--data', data, '--port', '0', '--rpc-port', '0', ...args],
    ...(environment === undefined ? {} : { environment }),
  });
}

export interface ProgramOptions {
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Where it is started. */
  readonly folder?: string;
}

/** The same with the words of the command line as they are given. */
export function startProgram({ args, environment, folder }: ProgramOptions): Promise<HostProcess> {
  const child = fork(builtHost(), [...args], {
    env: { PATH: os.devNull, FUNCTIONS_WORKER_RUNTIME: 'node', ...environment },
    ...(folder === undefined ? {} : { cwd: folder }),
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  endWithTests(child);
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  const told: Record<string, unknown>[] = [];
  return new Promise((resolve, reject) => {
    void ended.then((how) => reject(new Error(`The host ended with ${how}:\n${output}`)));
    child.on('message', (message: Record<string, string>) => {
      told.push(message);
      if (message['kind'] !== 'ready') return;
      resolve({
        url: message['url'] ?? '',
        rpcUrl: message['rpcUrl'] ?? '',
        child,
        told,
        ended,
        output: () => output,
        kill: (signal) => child.kill(signal),
      });
    });
  });
}

const children = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** A process that a failed test leaves behind neither holds up the others nor stays. */
export function endWithTests(child: ChildProcess): void {
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.unref();
  child.channel?.unref();
}

/** Asks until the answer is there: for what real processes and services bring about. */
export async function until<T>(ask: () => Promise<T | undefined>, ms = 15_000): Promise<T> {
  const limit = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > limit)
      throw new Error(`Nothing came of it within ${ms} ms: ${String(ask)}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
