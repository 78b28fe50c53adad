import { BlobServiceClient } from '@azure/storage-blob';
import { readFileSync } from 'node:fs';
import { paceFromNow, realClock, scaledClock } from '../clock';
import { type Values, runCommand } from '../command-line';
import { autoStorage } from './auto-storage';
import { isAutoStorageMode } from './auto-storage-mode';
import { ACCOUNT, type BatchCommand, isOwnAddress } from './command';
import { type BatchOptions, type RunningBatch, startBatch } from './server';

type BatchValues = Values<BatchCommand['options']>;

/** The Batch stand-in on its own, as Azurite is for Storage: starts it and prints how to reach it. */
export function runBatch(command: BatchCommand): void {
  runCommand(command, async (values) => {
    const batch = await startBatch(optionsOf(values));
    process.stdout.write(connectionDetails(batch, values));
    if (!isOwnAddress(values.host)) process.stderr.write(exposureWarning(batch, values));
    endOnSignals(batch);
  });
}

function optionsOf(values: BatchValues): BatchOptions {
  const speed = Number(values.speed);
  const connection = values['auto-storage'];
  const blobs = values['blob-endpoint'];
  const mode = values['auto-storage-mode'];
  return {
    clock: speed === 1 ? realClock : scaledClock(paceFromNow(speed)),
    folder: values.folder,
    port: Number(values.port),
    host: values.host,
    allowHosts: values['allow-host'],
    account: { name: values.account, key: values.key },
    log: (line) => {
      if (!values.quiet) process.stdout.write(`${line}\n`);
    },
    random: Math.random,
    path: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    environment: trustedCertificates(process.env['NODE_EXTRA_CA_CERTS']),
    ...(blobs !== undefined && { blobEndpoint: (name) => blobs.replace('{account}', name) }),
    ...(connection !== undefined && {
      autoStorageContainer: autoStorage(BlobServiceClient.fromConnectionString(connection)),
    }),
    ...(isAutoStorageMode(mode) && { autoStorageMode: mode }),
    ...(values.oauth === 'basic' && { entra: { verify: () => true } }),
    ...tlsOf(values.cert, values['cert-key']),
  };
}

function endOnSignals(batch: RunningBatch): void {
  const stop = () => {
    batch.close().catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
    });
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

/** For a person to read, and to paste into a shell: the variables are those of Azure CLI. */
function connectionDetails({ url, port }: RunningBatch, values: BatchValues): string {
  const { account, key, 'allow-host': names } = values;
  const scheme = url.slice(0, url.indexOf(':'));
  const others = names.map((name) => `         ${scheme}://${name}:${port}\n`).join('');
  return `endpoint ${url}
${others}account  ${account}
key      ${key}

export AZURE_BATCH_ENDPOINT=${url}
export AZURE_BATCH_ACCOUNT=${account}
export AZURE_BATCH_ACCESS_KEY=${key}
`;
}

/** Printed with `--quiet`, too. */
function exposureWarning({ port }: RunningBatch, { host, key }: BatchValues): string {
  const who =
    key === ACCOUNT.key ? 'everybody who reaches' : 'everybody who has the key and reaches';
  const published = key === ACCOUNT.key ? ' The account key is the published one.' : '';
  return `
WARNING: ${who} ${host}:${port} can run programs on this machine:
tasks are processes of your user, without isolation.${published}
/_local, which evicts nodes and deletes everything, needs no key at all.
`;
}

function tlsOf(cert: string | undefined, key: string | undefined) {
  if (cert === undefined || key === undefined) return {};
  return { tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } };
}

/** Tasks trust the same certificates as this process. */
function trustedCertificates(certificates: string | undefined): Record<string, string> {
  return certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates };
}
