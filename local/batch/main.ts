import { BlobServiceClient } from '@azure/storage-blob';
import { readFileSync } from 'node:fs';
import { paceFromNow, realClock, scaledClock } from '../clock';
import { runCommand } from '../command-line';
import { autoStorage } from './auto-storage';
import { isAutoStorageMode } from './auto-storage-mode';
import { batchCommand } from './command';
import { type RunningBatch, startBatch } from './server';

/** The Batch stand-in on its own, as Azurite is for Storage: starts it and prints how to reach it. */
runCommand(batchCommand, async (values) => {
  const speed = Number(values.speed);
  const connection = values['auto-storage'];
  const blobs = values['blob-endpoint'];
  const mode = values['auto-storage-mode'];
  const batch = await startBatch({
    clock: speed === 1 ? realClock : scaledClock(paceFromNow(speed)),
    folder: values.folder,
    port: Number(values.port),
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
  });
  process.stdout.write(connectionDetails(batch.url, values.account, values.key));
  endOnSignals(batch);
});

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
function connectionDetails(endpoint: string, account: string, key: string): string {
  return `endpoint ${endpoint}
account  ${account}
key      ${key}

export AZURE_BATCH_ENDPOINT=${endpoint}
export AZURE_BATCH_ACCOUNT=${account}
export AZURE_BATCH_ACCESS_KEY=${key}
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
