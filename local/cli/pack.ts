import { existsSync, mkdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { runCommand, type CommandLine, type Values } from '../command-line';
import { UserError } from '../error-line';
import { packCommand } from './commands';
import { packFolder } from './package-archive';
import { counted } from './text';

type PackOptions = typeof packCommand extends CommandLine<infer Known> ? Values<Known> : never;

/** `npm run pack`: makes a version of an application package of a folder, here and for Azure. */
runCommand(packCommand, async (options, [folder = '', application = '', version = '']) => {
  const source = resolve(folder);
  if (!existsSync(source) || !statSync(source).isDirectory())
    throw new UserError(`${source} is not a folder`);
  const target = resolve(options.to);
  mkdirSync(target, { recursive: true });
  const archive = join(target, `${application}-${version}.zip`);
  const { files, bytes } = await packFolder(source, archive);
  print(`${archive}: ${counted(files, 'file')}, ${counted(bytes, 'byte')}`);
  print(await upload(options, archive, application, version));
  print(`\nFor Azure, whose packages are uploaded through the management plane:\n`);
  print(azureCommands(options, archive, application, version));
});

/** Uploads to a path that only the stand-in has: Azure's data plane takes no packages. */
async function upload(
  options: PackOptions,
  archive: string,
  application: string,
  version: string,
): Promise<string> {
  const base = `${options.batch}/_local/applications/${application}`;
  const put = await call(`${base}/versions/${version}`, 'PUT', await readFile(archive));
  if (put === null) return `No Batch stand-in answers at ${options.batch}; nothing was uploaded.`;
  if (!put.ok) throw new UserError(`the Batch stand-in refuses the package: ${await put.text()}`);
  if (!options.default) return `Uploaded to ${options.batch} as ${application} ${version}.`;
  const set = await call(base, 'PATCH', JSON.stringify({ defaultVersion: version }));
  if (set?.ok !== true) throw new UserError(`the Batch stand-in refuses ${version} as the default`);
  return `Uploaded to ${options.batch} as ${application} ${version}, the default version.`;
}

async function call(url: string, method: string, body: Buffer | string): Promise<Response | null> {
  try {
    return await fetch(url, { method, body });
  } catch (error) {
    if (!URL.canParse(url)) throw new UserError(`${url} is not a URL; --batch starts with http://`);
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function azureCommands(
  options: PackOptions,
  archive: string,
  application: string,
  version: string,
): string {
  const where = `--name <Batch account> --resource-group <group> --application-name ${application}`;
  const create = `az batch application package create ${where} --version-name ${version} --package-file ${quoted(archive)}`;
  if (!options.default) return create;
  return `${create}\naz batch application set ${where} --default-version ${version}`;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `"${path}"`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
