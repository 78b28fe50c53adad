import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { UploadTarget, Uploads } from '../azure/uploads';
import type { Send } from '../client/api';
import { listWorkloads } from '../client/workloads';
import { certificateIn, LOCAL_STATE, LOCAL_STORAGE } from './local-environment';
import { CommandFailed, WrongCall, type AddCommand, type CommandContext } from './program';
import { isLoopback } from './sign-in';
import { addAppOptions, sendFrom, urlFrom, type AppOptions } from './target';
import { printable } from './text';

interface Options extends AppOptions {
  readonly to?: string;
  readonly folder?: string;
  readonly connection?: string;
  readonly storage?: string;
}

/** `nightshift drop <container> [file…]` */
export const addDrop: AddCommand = (program, context) => {
  const command = program
    .command('drop')
    .description('Upload files into a container; a new blob can start runs.')
    .argument('<container>')
    .argument('[file...]', 'without a file, a curl command for other clients is printed')
    .option('--to <path>', 'folder in the container')
    .option('--storage <url>', 'blob endpoint in Azure, for the identity that is signed in')
    .option('--connection <text>', 'another account, such as UseDevelopmentStorage=true')
    .option('--folder <folder>', `state of the local environment (${LOCAL_STATE})`);
  addAppOptions(command).action(async (container: string, files: string[], options: Options) => {
    await drop(context, container, files, options);
  });
};

async function drop(
  context: CommandContext,
  container: string,
  files: readonly string[],
  options: Options,
): Promise<void> {
  requireContainer(container);
  const paths = files.map((file) => path.resolve(context.folder, file));
  for (const [index, file] of paths.entries()) requireFile(file, files[index] ?? file);
  const uploads = await connect(targetFrom(context, options));
  try {
    if (paths.length === 0) {
      context.write(`${await curlCommand(context, uploads, container, options)}\n`);
    }
    const into = (options.to ?? '').replaceAll(/^\/+|\/+$/g, '');
    for (const file of paths) {
      const name = into === '' ? path.basename(file) : `${into}/${path.basename(file)}`;
      await uploads.upload(container, name, file);
      context.write(`${container}/${printable(name)}\n`);
    }
  } catch (error) {
    throw uploadError(error, container);
  }
  const url = urlFrom(context, options);
  context.write(`${await triggersText(sendFrom(context, options), container, url)}\n`);
}

/** Names of containers that the service accepts. */
function requireContainer(name: string): void {
  if (/^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return;
  throw new WrongCall(
    `${JSON.stringify(name)} is not a container name: 3 to 63 lower-case letters, digits and single hyphens`,
  );
}

/** Checked before the first upload: half of the files would start half of the runs. */
function requireFile(file: string, asGiven: string): void {
  const name = printable(asGiven);
  if (!existsSync(file)) throw new CommandFailed(`${name} does not exist; nothing was uploaded`);
  if (statSync(file).isFile()) return;
  throw new CommandFailed(`${name} is not a file; nothing was uploaded`);
}

function targetFrom(context: CommandContext, options: Options): UploadTarget {
  const { storage } = options;
  const connection = connectionIn(context, options);
  if (connection !== null) return { kind: 'connection', text: connection };
  if (storage !== undefined) {
    if (/^https:\/\/[^/]/.test(storage) && URL.canParse(storage)) {
      return { kind: 'signedIn', url: storage };
    }
    throw new WrongCall(`--storage must be an https URL, not ${JSON.stringify(storage)}`);
  }
  if (!isLoopback(urlFrom(context, options))) {
    throw new WrongCall('the storage of a deployed app is named with --storage');
  }
  const certFile = certFileFrom(context, options);
  if (!existsSync(certFile)) {
    throw new CommandFailed(
      `${certFile} does not exist: the environment was never started; run npm start`,
    );
  }
  return { kind: 'key', ...LOCAL_STORAGE, certificate: readFileSync(certFile, 'utf8') };
}

/** A connection string with a key comes from the environment: arguments can be listed by others. */
function connectionIn({ environment }: CommandContext, { connection }: Options): string | null {
  if (connection === undefined) return environment['NIGHTSHIFT_CONNECTION'] || null;
  if (!/(AccountKey|SharedAccessSignature)=/i.test(connection)) return connection;
  throw new WrongCall('NIGHTSHIFT_CONNECTION has a connection string with a key, not --connection');
}

function certFileFrom({ root, folder }: CommandContext, options: Options): string {
  const state = options.folder;
  return certificateIn(
    state === undefined ? path.join(root, LOCAL_STATE) : path.resolve(folder, state),
  );
}

/** The SDK loads when it is needed: the other commands start without it. */
async function connect(target: UploadTarget): Promise<Uploads> {
  const { uploadsTo } = await import('../azure/uploads.js');
  try {
    return uploadsTo(target);
  } catch (cause) {
    if (target.kind !== 'connection') throw cause;
    const message = 'this is not a connection string of a storage account';
    throw new CommandFailed(message, undefined, { cause });
  }
}

const DAY_MS = 86_400_000;

/** curl prints nothing on success; `--write-out` makes it print the name of the blob. */
async function curlCommand(
  context: CommandContext,
  uploads: Uploads,
  container: string,
  options: Options,
): Promise<string> {
  if (options.storage !== undefined) throw new WrongCall('--storage needs a file to upload');
  const until = new Date(context.now().getTime() + DAY_MS);
  const url = new URL(await uploads.uploadUrl(container, until));
  url.pathname += '/FILE';
  const isLocal = connectionIn(context, options) === null;
  const trust = isLocal ? ` --cacert ${certFileFrom(context, options)}` : '';
  const report = ` --fail-with-body --write-out '${container}/FILE %{http_code}\\n'`;
  return `curl${trust}${report} -X PUT -H 'x-ms-blob-type: BlockBlob' --data-binary @FILE '${url.href}'`;
}

/** The workloads that a new blob of the container starts. */
async function triggersText(send: Send, container: string, url: string): Promise<string> {
  let workloads;
  try {
    workloads = await listWorkloads(send);
  } catch {
    return `The app does not answer at ${url}, so nothing is known of the container's triggers.`;
  }
  const started = workloads.filter(({ blobContainer }) => blobContainer === container);
  const names = started.map(({ name }) => printable(name));
  return names.length === 0
    ? `No blob trigger reads ${container}: the files stay there until a run takes them as its input.`
    : `Each new blob of ${container} starts a run of ${names.join(' and of ')}: nightshift runs`;
}

function uploadError(error: unknown, container: string): unknown {
  if (!(error instanceof Error) || error.name !== 'UploadRefused') return error;
  const { code } = error as Error & { readonly code?: string };
  const message =
    code === 'ECONNREFUSED'
      ? 'the storage does not answer; npm start starts the environment'
      : `the storage refused the upload to ${container}: ${printable(code ?? 'unknown')}`;
  return new CommandFailed(message, undefined, { cause: error });
}
