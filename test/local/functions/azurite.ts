import { fork, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Certificate } from '../../../local/certificate';
import { endWithTests, fixture } from './host-process';

/** A storage emulator of the test's own, on ports of its own. */
export interface Azurite {
  readonly connectionString: string;
  /** Of the account, by service: Blob, Queue, Table. */
  readonly urls: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const ACCOUNT = 'devstoreaccount1';
// The emulator's published key, the same everywhere.
const KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** With a certificate it speaks TLS and takes tokens. */
export async function startAzurite({ certificate, ports }: AzuriteStart = {}): Promise<Azurite> {
  const tls =
    certificate === undefined
      ? []
      : ['--oauth', 'basic', '--cert', certificate.certFile, '--key', certificate.keyFile];
  const child = fork(
    require.resolve('azurite/dist/src/azurite.js'),
    [...portArguments(ports), ...tls, ...QUIETLY],
    {
      execArgv: ['--require', fixture('exit-with-parent.js'), ...WITHOUT_TELEMETRY],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    },
  );
  endWithTests(child);
  const urls = await addressesOf(child);
  const endpoints = urls.map(([service, url]) => `${service}Endpoint=${url}/${ACCOUNT}`);
  return {
    urls: Object.fromEntries(urls.map(([service, url]) => [service, `${url}/${ACCOUNT}`])),
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY};${endpoints.join(';')}`,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGKILL');
      }),
  };
}

export interface AzuriteStart {
  readonly certificate?: Certificate;
  /** Of blobs, queues and tables. Default: any free ones. */
  readonly ports?: readonly string[];
}

function portArguments([blob = '0', queue = '0', table = '0']: readonly string[] = []): string[] {
  return ['--blobPort', blob, '--queuePort', queue, '--tablePort', table];
}

/** Its compiled form is the file itself: it has no types. */
const WITHOUT_TELEMETRY = [
  '--require',
  join(__dirname, '..', '..', '..', 'local', 'without-telemetry.ts'),
];

const QUIETLY = [
  '--skipApiVersionCheck',
  '--disableTelemetry',
  '--inMemoryPersistence',
  '--silent',
];

/** It says where each service listens, a line each. */
function addressesOf(child: ChildProcess): Promise<readonly (readonly [string, string])[]> {
  let output = '';
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`The storage emulator ended:\n${output}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      const found = [...output.matchAll(/(\w+) service is successfully listening at (\S+)\n/g)];
      if (found.length === 3) resolve(found.map(([, service = '', url = '']) => [service, url]));
    });
  });
}
