import { BlobServiceClient, ContainerSASPermissions } from '@azure/storage-blob';
import { parseArgs } from 'node:util';
import { paceFromNow, realClock, scaledClock } from '../clock';
import { type BatchOptions, startBatch } from './server';

/**
 * The Batch stand-in on its own, as Azurite is for Storage: starts it and prints how to reach it.
 * The name and the key are published here and protect nothing; the port is on loopback.
 */
const ACCOUNT = {
  name: 'devbatchaccount1',
  key: 'bmlnaHRzaGlmdCBsb2NhbCBiYXRjaCBhY2NvdW50IGtleSwga25vd24gdG8gYWxs',
};

const USAGE = `Usage: batch [options]
  --port <number>        where to listen; 10100
  --folder <path>        state and node directories; .nightshift/batch
  --speed <factor>       how much faster than real its time runs; 1
  --account <name>       ${ACCOUNT.name}
  --key <base64>         the account key
  --auto-storage <text>  connection string of the storage account for auto-storage,
                         UseDevelopmentStorage=true for Azurite
  --blob-endpoint <url>  where mounts find storage, {account} being the account;
                         http://127.0.0.1:10000/{account} for Azurite
  --quiet                say nothing but how to reach it
`;

const options = {
  port: { type: 'string', default: '10100' },
  folder: { type: 'string', default: '.nightshift/batch' },
  speed: { type: 'string', default: '1' },
  account: { type: 'string', default: ACCOUNT.name },
  key: { type: 'string', default: ACCOUNT.key },
  'auto-storage': { type: 'string' },
  'blob-endpoint': { type: 'string' },
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
  if (!(speed > 0)) throw new Error(`--speed ${values.speed}: say how many times as fast as real`);
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
    environment: trusted(process.env['NODE_EXTRA_CA_CERTS']),
    ...(blobs !== undefined && { blobEndpoint: (name) => blobs.replace('{account}', name) }),
    ...(connection !== undefined && { autoStorageContainer: autoStorage(connection) }),
  });
  process.stdout.write(
    `endpoint ${batch.url}\naccount  ${values.account}\nkey      ${values.key}\n`,
  );
  const stop = () => {
    batch.close().catch((error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exitCode = 1;
    });
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

/** What this process trusts, its tasks trust. */
function trusted(certificates: string | undefined): Record<string, string> {
  return certificates === undefined ? {} : { NODE_EXTRA_CA_CERTS: certificates };
}

const DAY_MS = 86_400_000;

function autoStorage(connection: string): NonNullable<BatchOptions['autoStorageContainer']> {
  const service = BlobServiceClient.fromConnectionString(connection);
  return (name) =>
    service.getContainerClient(name).generateSasUrl({
      permissions: ContainerSASPermissions.parse('rl'),
      expiresOn: new Date(realClock.now().getTime() + DAY_MS),
    });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
