import { readFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { realClock } from './clock';
import { FIXED_PORTS } from './environment';
import { blobService, drop, dropUrl } from './outside';
import { AZURITE_ACCOUNT } from './storage';

/** `npm run drop -- <container> <file>…`: puts files into the storage that `npm start` keeps up. */
const usage = `npm run drop -- <container> [<file>...] [--folder F]
  Puts the files into the container, each under its own name. Without a file it prints
  an address with which any client may put files there for a day.
  --folder F   where the environment keeps its state (.nightshift/local)
`;
const DAY_MS = 86_400_000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    folder: {
      type: 'string',
      default: resolve(__dirname, '..', '..', '.nightshift', 'local'),
    },
  },
});

async function dropAll(container: string, files: readonly string[]): Promise<void> {
  const certFile = resolve(options.folder, 'certificate', 'cert.pem');
  const service = blobService({
    storage: {
      blobUrl: `https://127.0.0.1:${FIXED_PORTS.blob}/${AZURITE_ACCOUNT.name}`,
      account: AZURITE_ACCOUNT,
    },
    certificate: { cert: readFileSync(certFile, 'utf8') },
  });
  for (const file of files) {
    await drop(service, container, basename(file), readFileSync(file));
    process.stdout.write(`${container}/${basename(file)}\n`);
  }
  if (files.length > 0) return;
  const url = new URL(
    await dropUrl(service, container, new Date(realClock.now().getTime() + DAY_MS)),
  );
  url.pathname += '/FILE';
  process.stdout.write(
    `curl --cacert ${certFile} -X PUT -H 'x-ms-blob-type: BlockBlob' --data-binary @FILE '${url.href}'\n`,
  );
}

/** The client reports a closed port as an error that has errors. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const isDown = /ECONNREFUSED|ENOENT.*cert\.pem/.test(error.message);
  return isDown ? `${error.message}: is the environment up? npm start starts it` : error.message;
}

const [container, ...files] = positionals;
if (container === undefined) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  dropAll(container, files).catch((error: unknown) => {
    process.stderr.write(`${wordsOf(error)}\n`);
    process.exitCode = 1;
  });
}
