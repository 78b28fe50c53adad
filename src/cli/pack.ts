import { existsSync, mkdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { LOCAL_BATCH } from './local-environment';
import { packFolder } from './package-archive';
import { CommandFailed, WrongCall, type AddCommand, type CommandContext } from './program';
import { counted, printable } from './text';

interface Options {
  readonly to?: string;
  readonly batch: string;
  readonly default?: true;
}

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const VERSION = /^[A-Za-z0-9._-]{1,64}$/;

/** `nightshift pack <folder> <application> <version>` */
export const addPack: AddCommand = (program, context) => {
  program
    .command('pack')
    .description('Make an application package of a folder, for the local environment and Azure.')
    .argument('<folder>')
    .argument('<application>')
    .argument('<version>')
    .option('--to <folder>', 'folder of the archive (.nightshift/packages)')
    .option('--batch <url>', 'Batch stand-in to upload to', LOCAL_BATCH)
    .option('--default', 'make it the default version')
    .action(async (folder: string, application: string, version: string, options: Options) => {
      checkNames(application, version, options);
      await pack(context, folder, { ...options, application, version });
    });
};

interface Package extends Options {
  readonly application: string;
  readonly version: string;
}

function checkNames(application: string, version: string, { batch }: Options): void {
  if (!ID.test(application))
    throw new WrongCall(
      `${JSON.stringify(application)} is not an application id: 1 to 64 letters, digits, hyphens and underscores`,
    );
  if (!VERSION.test(version))
    throw new WrongCall(
      `${JSON.stringify(version)} is not a version: 1 to 64 letters, digits, dots, hyphens and underscores`,
    );
  if (!/^https?:\/\/[^/]/.test(batch) || !URL.canParse(batch))
    throw new WrongCall(`--batch must be a URL, not ${JSON.stringify(batch)}`);
}

async function pack(context: CommandContext, folder: string, one: Package): Promise<void> {
  const source = path.resolve(context.folder, folder);
  if (!existsSync(source) || !statSync(source).isDirectory())
    throw new CommandFailed(`${printable(source)} is not a folder`);
  const target =
    one.to === undefined
      ? path.join(context.root, '.nightshift', 'packages')
      : path.resolve(context.folder, one.to);
  mkdirSync(target, { recursive: true });
  const archive = path.join(target, `${one.application}-${one.version}.zip`);
  const { files, bytes } = await packed(source, archive);
  const print = (line: string) => context.write(`${line}\n`);
  print(`${printable(archive)}: ${counted(files, 'file')}, ${counted(bytes, 'byte')}`);
  print(await upload(one, archive));
  print('\nFor Azure, whose packages are uploaded through the management plane:\n');
  print(azureCommands(one, printable(archive)));
}

async function packed(source: string, archive: string) {
  try {
    return await packFolder(source, archive);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const text = code === 'EISDIR' ? `${archive} is a folder; a file is needed` : message;
    throw new CommandFailed(printable(text), undefined, { cause });
  }
}

/** Uploads to a path that only the stand-in has: Azure's data plane takes no packages. */
async function upload(one: Package, archive: string): Promise<string> {
  const { application, version, batch } = one;
  const base = `${batch.replace(/\/+$/, '')}/_local/applications/${application}`;
  const put = await call(`${base}/versions/${version}`, 'PUT', await readFile(archive));
  if (put === null) return `No Batch stand-in answers at ${batch}; nothing was uploaded.`;
  if (!put.ok)
    throw new CommandFailed(
      printable(`the Batch stand-in refuses the package: ${await put.text()}`),
    );
  if (one.default !== true) return `Uploaded to ${batch} as ${application} ${version}.`;
  const set = await call(base, 'PATCH', JSON.stringify({ defaultVersion: version }));
  if (set?.ok !== true)
    throw new CommandFailed(`the Batch stand-in refuses ${version} as the default`);
  return `Uploaded to ${batch} as ${application} ${version}, the default version.`;
}

/** Null where nothing answers. */
async function call(url: string, method: string, body: Buffer | string): Promise<Response | null> {
  try {
    return await fetch(url, { method, body });
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function azureCommands({ application, version, default: isDefault }: Package, archive: string) {
  const where = `--name <Batch account> --resource-group <group> --application-name ${application}`;
  const create = `az batch application package create ${where} --version-name ${version} --package-file ${quoted(archive)}`;
  if (isDefault !== true) return create;
  return `${create}\naz batch application set ${where} --default-version ${version}`;
}

function quoted(file: string): string {
  return /^[\w./-]+$/.test(file) ? file : `"${file}"`;
}
