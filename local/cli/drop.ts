import { BlobServiceClient, RestError } from '@azure/storage-blob';
import { existsSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { realClock } from '../clock';
import { runCommand } from '../command-line';
import { systemErrorIn, UserError } from '../error-line';
import { FIXED_PORTS } from '../ports';
import { AZURITE_ACCOUNT } from '../storage';
import { blobTriggers, listFunctions } from './app-functions';
import { dropCommand } from './commands';
import { certificateFileIn, LOCAL_STATE } from './folders';
import { dropFile, dropUrl, localBlobService } from './storage-access';
import { printable } from './text';

/** `npm run drop -- <container> <file>…`: uploads files to the storage that `npm start` keeps up. */
runCommand(dropCommand, async (options, [container = '', ...files]) => {
  const folder = options.folder ?? LOCAL_STATE;
  for (const file of files) requireFile(file);
  const service = connect(options.connection, folder);
  try {
    if (files.length === 0) {
      const trusted = options.connection === undefined ? certificateFileIn(folder) : undefined;
      process.stdout.write(`${await curlCommand(service, container, trusted)}\n`);
    }
    const into = options.to.replaceAll(/^\/+|\/+$/g, '');
    for (const file of files) {
      const name = into === '' ? basename(file) : `${into}/${basename(file)}`;
      await dropFile(service, container, name, file);
      process.stdout.write(`${container}/${printable(name)}\n`);
    }
  } catch (error) {
    throw uploadError(error, container);
  }
  process.stdout.write(`${await triggersText(container, options.app)}\n`);
});

/** Checked before the first upload: half of the files would start half of the runs. */
function requireFile(file: string): void {
  if (!existsSync(file)) throw new UserError(`${file} does not exist; nothing was uploaded`);
  if (statSync(file).isFile()) return;
  throw new UserError(`${file} is not a file; nothing was uploaded`);
}

const LOCAL_BLOBS = `https://127.0.0.1:${FIXED_PORTS.blob}/${AZURITE_ACCOUNT.name}`;

function connect(connection: string | undefined, folder: string): BlobServiceClient {
  if (connection !== undefined) {
    try {
      return BlobServiceClient.fromConnectionString(connection);
    } catch (cause) {
      throw new UserError('--connection is not a connection string of a storage account', {
        cause,
      });
    }
  }
  return localBlobService(LOCAL_BLOBS, folder);
}

const DAY_MS = 86_400_000;

/** curl prints nothing on success; `--write-out` makes it print the name of the blob. */
async function curlCommand(
  service: BlobServiceClient,
  container: string,
  certFile: string | undefined,
): Promise<string> {
  const until = new Date(realClock.now().getTime() + DAY_MS);
  const url = new URL(await dropUrl(service, container, until));
  url.pathname += '/FILE';
  const trust = certFile === undefined ? '' : ` --cacert ${certFile}`;
  const report = ` --fail-with-body --write-out '${container}/FILE %{http_code}\\n'`;
  return `curl${trust}${report} -X PUT -H 'x-ms-blob-type: BlockBlob' --data-binary @FILE '${url.href}'`;
}

/** The actions of the app on blobs of the container, as its host lists the triggers. */
async function triggersText(container: string, appUrl: string): Promise<string> {
  let functions;
  try {
    functions = await listFunctions(appUrl);
  } catch {
    return `The app does not answer at ${appUrl}, so nothing is known of the container's triggers.`;
  }
  const workloads = blobTriggers(functions)
    .filter((trigger) => trigger.container === container)
    .map(({ workload }) => workload);
  return workloads.length === 0
    ? `No blob trigger reads ${container}: the files stay there until a run takes them as its input.`
    : `Each new blob of ${container} starts a run of ${workloads.join(' and of ')} within about ten seconds: ${appUrl}/api/runs`;
}

function uploadError(error: unknown, container: string): unknown {
  const system = systemErrorIn(error);
  if (system?.code === 'ECONNREFUSED')
    return new UserError('the storage does not answer; npm start starts the environment', {
      cause: error,
    });
  if (!(error instanceof RestError)) return error;
  const reason = error.code ?? `status ${error.statusCode ?? 0}`;
  return new UserError(`the storage refused the upload to ${container}: ${reason}`, {
    cause: error,
  });
}
