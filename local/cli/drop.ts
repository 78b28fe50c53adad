import { BlobServiceClient } from '@azure/storage-blob';
import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseOptions } from './command-line';
import { realClock } from '../clock';
import { FIXED_PORTS } from '../environment';
import { blobService, dropFile, dropUrl } from './outside';
import { AZURITE_ACCOUNT } from '../storage';

/** `npm run drop -- <container> <file>…`: puts files into the storage that `npm start` keeps up. */
const usage = `npm run drop -- <container> [<file>...] [--to P] [--folder F | --connection C]
  Puts the files into the container, each under its own name. Without a file it prints
  an address with which any client may put files there for a day.
  --to P           into the folder P of the container
  --folder F       where the environment keeps its state (.nightshift/local)
  --connection C   into another account, such as UseDevelopmentStorage=true
`;
const DAY_MS = 86_400_000;

const { values: options, positionals } = parseOptions(usage, {
  allowPositionals: true,
  options: {
    folder: {
      type: 'string',
      default: resolve(__dirname, '..', '..', '..', '.nightshift', 'local'),
    },
    connection: { type: 'string' },
    to: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

const certFile = resolve(options.folder, 'certificate', 'cert.pem');

function storage(): BlobServiceClient {
  if (options.connection !== undefined)
    return BlobServiceClient.fromConnectionString(options.connection);
  return blobService({
    storage: {
      blobUrl: `https://127.0.0.1:${FIXED_PORTS.blob}/${AZURITE_ACCOUNT.name}`,
      account: AZURITE_ACCOUNT,
    },
    certificate: { cert: readFileSync(certFile, 'utf8') },
  });
}

async function dropAll(container: string, files: readonly string[]): Promise<void> {
  const service = storage();
  const folder = options.to.replace(/^\/+|\/+$/g, '');
  for (const file of files) {
    const name = folder === '' ? basename(file) : `${folder}/${basename(file)}`;
    await dropFile(service, container, name, file);
    process.stdout.write(`${container}/${name}\n`);
  }
  if (files.length === 0) process.stdout.write(`${await commandFor(service, container)}\n`);
}

async function commandFor(service: BlobServiceClient, container: string): Promise<string> {
  const until = new Date(realClock.now().getTime() + DAY_MS);
  const url = new URL(await dropUrl(service, container, until));
  url.pathname += '/FILE';
  const trust = options.connection === undefined ? ` --cacert ${certFile}` : '';
  return `curl${trust} -X PUT -H 'x-ms-blob-type: BlockBlob' --data-binary @FILE '${url.href}'`;
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isDown = /ECONNREFUSED|ENOENT.*cert\.pem/.test(error.message);
  return isDown ? `${error.message}: is the environment up? npm start starts it` : error.message;
}

const [container, ...files] = positionals;
if (container === undefined || options.help) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  dropAll(container, files).catch((error: unknown) => {
    process.stderr.write(`${wordsOf(error)}\n`);
    process.exitCode = 1;
  });
}
