import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from './certificate';
import { startPart, type Part } from './part';

/** Azurite, with TLS and OAuth, as a part of the environment. */
export interface LocalStorage {
  /** Endpoint of the account, such as https://127.0.0.1:10000/devstoreaccount1. */
  readonly blobUrl: string;
  readonly queueUrl: string;
  readonly tableUrl: string;
  readonly account: { readonly name: string; readonly key: string };
  readonly process: Part['process'];
  stop(): Promise<void>;
}

export interface StorageStart {
  readonly folder: string;
  readonly certificate: Certificate;
  /** 0 takes any free port. */
  readonly ports: { readonly blob: number; readonly queue: number; readonly table: number };
  /** Of the folder that holds the compiled environment. */
  readonly compiled: string;
  /** The PATH of the child. */
  readonly path: string;
  readonly log: (line: string) => void;
}

/** Azurite's built-in account: its key is published and protects nothing. */
export const AZURITE_ACCOUNT = {
  name: 'devstoreaccount1',
  key: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
};

export async function startStorage(start: StorageStart): Promise<LocalStorage> {
  const { certificate, ports } = start;
  mkdirSync(start.folder, { recursive: true });
  const addresses = new Map<string, string>();
  const part = await startPart({
    name: 'Azurite',
    script: require.resolve('azurite/dist/src/azurite.js'),
    execArgv: ['exit-with-parent.js', 'without-telemetry.js'].flatMap((script) => [
      '--require',
      join(start.compiled, script),
    ]),
    args: argumentsOf({
      location: start.folder,
      oauth: 'basic',
      silent: null,
      disableTelemetry: null,
      cert: certificate.certFile,
      key: certificate.keyFile,
      blobPort: String(ports.blob),
      queuePort: String(ports.queue),
      tablePort: String(ports.table),
    }),
    // A copy within the account is a request of Azurite to itself.
    env: { PATH: start.path, NODE_EXTRA_CA_CERTS: certificate.certFile },
    // The table service comes last.
    readyLine: /Azurite Table service is successfully listening at (\S+)/,
    log: (line) => {
      const found = /Azurite (\w+) service is successfully listening at (\S+)/.exec(line);
      if (found?.[1] !== undefined && found[2] !== undefined) addresses.set(found[1], found[2]);
      start.log(line);
    },
  });
  const of = (service: string) => `${addresses.get(service) ?? ''}/${AZURITE_ACCOUNT.name}`;
  return {
    blobUrl: of('Blob'),
    queueUrl: of('Queue'),
    tableUrl: of('Table'),
    account: AZURITE_ACCOUNT,
    process: part.process,
    stop: part.stop,
  };
}

function argumentsOf(options: Readonly<Record<string, string | null>>): string[] {
  return Object.entries(options).flatMap(([name, value]) =>
    value === null ? [`--${name}`] : [`--${name}`, value],
  );
}
