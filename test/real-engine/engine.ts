import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import { engineFile } from '../../scripts/real-engine-host.mjs';
import type { HostedFunction } from '../../local/functions/hosted-function';
import type { Worker } from './worker';

/** The process with the real extension. */
export interface Engine {
  /** The extension's own endpoint, which durable clients use; ends in a slash. */
  readonly rpcUrl: string;
  /** Everything that it logged. */
  output(): string;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export interface EngineOptions {
  readonly worker: Worker;
  readonly connectionString: string;
  /** The section `extensions` of host.json. */
  readonly extensions: Readonly<Record<string, unknown>>;
  /** Of a storage emulator with TLS. */
  readonly certificateFile?: string | undefined;
  readonly logLevel?: string;
}

/** Starts the extension for the worker's functions, and gives the worker its client. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { worker, connectionString, certificateFile } = options;
  const child = spawn('dotnet', [engineFile], {
    stdio: 'pipe',
    env: {
      // oxlint-disable-next-line eslint/no-restricted-properties -- dotnet finds itself by it
      PATH: process.env['PATH'],
      DOTNET_CLI_HOME: '/tmp',
      FUNCTIONS_WORKER_RUNTIME: 'node',
      AzureWebJobsStorage: connectionString,
      ...(certificateFile !== undefined && { SSL_CERT_FILE: certificateFile }),
    },
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.stdin.on('error', () => {});
  child.stdin.write(`${JSON.stringify(startOf(options))}\n`);

  const client = await clientOf(child, () => output);
  worker.setClient(client);
  return {
    rpcUrl: (JSON.parse(client) as { readonly rpcBaseUrl: string }).rpcBaseUrl,
    output: () => output,
    stop() {
      child.stdin.end('stop\n');
      return ended;
    },
    kill() {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

function startOf({ worker, extensions, logLevel = 'Warning' }: EngineOptions) {
  return {
    worker: worker.address,
    functions: worker.catalog.functions.flatMap(declarationOf),
    extensions,
    logLevel,
  };
}

/** Timers and HTTP functions are not the extension's. */
function declarationOf({
  name,
  triggerType: kind,
  trigger,
}: HostedFunction): readonly Readonly<Record<string, unknown>>[] {
  if (kind === 'orchestration' || kind === 'activity' || kind === 'entity') return [{ name, kind }];
  const { connection } = trigger;
  if (kind === 'queue') return [{ name, kind, connection, source: trigger['queueName'] }];
  if (kind === 'blob') return [{ name, kind, connection, source: trigger['path'] }];
  return [];
}

function clientOf(child: ChildProcessWithoutNullStreams, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`The engine ended:\n${output().slice(0, 2000)}`)));
    createInterface(child.stdout).on('line', (line) => {
      if (line.startsWith(READY)) resolve(line.slice(READY.length));
    });
  });
}

/** Libraries of the host write to the standard output too. */
const READY = 'ready ';
