import { BlobServiceClient } from '@azure/storage-blob';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { paceFromNow, realClock, scaledClock } from '../clock';
import { autoStorage } from './auto-storage';
import { type RunningBatch, startBatch } from './server';
import { formatError } from '../errors';

/**
 * The Batch stand-in as a program, as Azurite is for Storage: starts it and prints its endpoint and
 * credentials. The name and the key are published here and protect nothing; the port is on
 * loopback.
 */
const ACCOUNT = {
  name: 'devbatchaccount1',
  key: 'bmlnaHRzaGlmdCBsb2NhbCBiYXRjaCBhY2NvdW50IGtleSwga25vd24gdG8gYWxs',
};

const USAGE = `Usage: batch [options]
  --port <number>        port on 127.0.0.1; default 10100
  --folder <path>        state and node directories; default .nightshift/batch
  --speed <factor>       speed of the clock relative to real time; default 1
  --account <name>       ${ACCOUNT.name}
  --key <base64>         the account key
  --auto-storage <text>  connection string of the storage account for auto-storage,
                         UseDevelopmentStorage=true for Azurite
  --blob-endpoint <url>  blob endpoint for mounts, with {account} for the account name;
                         http://127.0.0.1:10000/{account} for Azurite
  --oauth basic          also accept Entra tokens: audience and dates are checked,
                         the signature is not
  --cert <file>          with --cert-key: use TLS; PEM files
  --cert-key <file>
  --quiet                print only the endpoint and the credentials
`;

const options = {
  port: { type: 'string', default: '10100' },
  folder: { type: 'string', default: '.nightshift/batch' },
  speed: { type: 'string', default: '1' },
  account: { type: 'string', default: ACCOUNT.name },
  key: { type: 'string', default: ACCOUNT.key },
  'auto-storage': { type: 'string' },
  'blob-endpoint': { type: 'string' },
  oauth: { type: 'string' },
  cert: { type: 'string' },
  'cert-key': { type: 'string' },
  quiet: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const speed = Number(values.speed);
  if (!(speed > 0)) throw new Error(`--speed ${values.speed}: must be a positive factor`);
  if (values.oauth !== undefined && values.oauth !== 'basic') {
    throw new Error(`--oauth ${values.oauth}: only basic is supported`);
  }
  const connection = values['auto-storage'];
  const blobs = values['blob-endpoint'];
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
    ...(values.oauth === 'basic' && { entra: { verify: () => true } }),
    ...tlsOf(values.cert, values['cert-key']),
  });
  process.stdout.write(connectionDetails(batch.url, values.account, values.key));
  stopOnSignal(batch);
}

function stopOnSignal(batch: RunningBatch): void {
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
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined || key === undefined)
    throw new Error('--cert and --cert-key must be given together');
  return { tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } };
}

/** Tasks trust the same certificates as this process. */
function trustedCertificates(certificates: string | undefined): Record<string, string> {
  return certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates };
}

main().catch((error: unknown) => {
  process.stderr.write(`${formatError(error)}\n`);
  process.exitCode = 1;
});
