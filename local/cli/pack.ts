import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseOptions } from './command-line';
import { FIXED_PORTS } from '../environment';
import { packFolder } from './package-archive';
import { formatError } from '../errors';

/** `npm run pack`: a folder becomes a version of an application package, here and for Azure. */
const usage = `npm run pack -- <folder> <application> <version> [--to <folder>] [--batch <url>] [--default]
  --to       where the archive goes (.nightshift/packages)
  --batch    the Batch stand-in it is uploaded to (http://127.0.0.1:${FIXED_PORTS.batch}, that of npm start)
  --default  make it the default version, too
`;

const { values: options, positionals } = parseOptions(usage, {
  allowPositionals: true,
  options: {
    to: { type: 'string', default: join('.nightshift', 'packages') },
    batch: { type: 'string', default: `http://127.0.0.1:${FIXED_PORTS.batch}` },
    default: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function pack(folder: string, application: string, version: string): Promise<void> {
  const target = resolve(options.to);
  mkdirSync(target, { recursive: true });
  const archive = join(target, `${application}-${version}.zip`);
  const { files, bytes } = await packFolder(resolve(folder), archive);
  say(`${archive}: ${files} ${files === 1 ? 'file' : 'files'}, ${bytes} bytes`);
  say(await upload(archive, application, version));
  say(`\nFor Azure, whose packages are uploaded through the management plane:\n`);
  say(azureCommands(archive, application, version));
}

/** The stand-in takes a package on a path of its own, because Azure's data plane has none for it. */
async function upload(archive: string, application: string, version: string): Promise<string> {
  const base = `${options.batch}/_local/applications/${application}`;
  const put = await call(`${base}/versions/${version}`, 'PUT', await readFile(archive));
  if (put === null) return `No Batch stand-in answers at ${options.batch}; nothing was uploaded.`;
  if (!put.ok) throw new Error(`the Batch stand-in refuses the package: ${await put.text()}`);
  if (!options.default) return `Uploaded to ${options.batch} as ${application} ${version}.`;
  const set = await call(base, 'PATCH', JSON.stringify({ defaultVersion: version }));
  if (set?.ok !== true) throw new Error(`the Batch stand-in refuses ${version} as the default`);
  return `Uploaded to ${options.batch} as ${application} ${version}, the default version.`;
}

async function call(url: string, method: string, body: Buffer | string): Promise<Response | null> {
  try {
    return await fetch(url, { method, body });
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function azureCommands(archive: string, application: string, version: string): string {
  const where = `--name <Batch account> --resource-group <group> --application-name ${application}`;
  const create = `az batch application package create ${where} --version-name ${version} --package-file ${quoted(archive)}`;
  if (!options.default) return create;
  return `${create}\naz batch application set ${where} --default-version ${version}`;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `"${path}"`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const [folder, application = '', version = '', ...more] = positionals;
const isId = (text: string) => /^[A-Za-z0-9_-]{1,64}$/.test(text);
if (
  folder === undefined ||
  !isId(application) ||
  !/^[A-Za-z0-9._-]{1,64}$/.test(version) ||
  more.length > 0 ||
  options.help
) {
  process.stderr.write(usage);
  process.exitCode = 2;
} else {
  pack(folder, application, version).catch((error: unknown) => {
    process.stderr.write(`${formatError(error)}\n`);
    process.exitCode = 1;
  });
}
