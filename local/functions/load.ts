import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import { globSync } from 'tinyglobby';
import { stackOf } from '../errors';

/** Runs the app's entry points, which register its functions. Returns their paths. */
export async function loadApp(appFolder: string): Promise<readonly string[]> {
  const manifest = readManifest(appFolder);
  const files = entryPoints(appFolder, manifest);
  for (const file of files) {
    try {
      await loadEntryPoint(file, manifest);
    } catch (cause) {
      // An error without a stack is complete as it is, such as an invalid setting.
      if (cause instanceof Error && cause.stack === cause.message) throw cause;
      const where = path.relative(appFolder, file);
      const message = `Worker was unable to load entry point "${where}": ${stackOf(cause)}`;
      // The stack of the cause is in the message; the host's own stack would only repeat the
      // message.
      throw Object.assign(new Error(message, { cause }), { stack: message });
    }
  }
  return files;
}

interface Manifest {
  readonly main?: unknown;
  readonly type?: unknown;
}

function readManifest(appFolder: string): Manifest {
  const file = path.join(appFolder, 'package.json');
  if (!fs.existsSync(file))
    throw new Error(`${file} is missing; its "main" names the entry points.`);
  return JSON.parse(fs.readFileSync(file, 'utf8')) as Manifest;
}

/**
 * `main` is a glob relative to the app. Its matches are loaded as the real worker does (`startApp`,
 * by the order of globby 11): files of a folder before those of its subfolders, then by name.
 */
function entryPoints(appFolder: string, { main }: Manifest): readonly string[] {
  if (typeof main !== 'string' || main === '')
    throw new Error(
      `${path.join(appFolder, 'package.json')} has no "main": nothing to load. Functions of the older model, each with a function.json, are not read.`,
    );

  const files = globSync(main.replaceAll('\\', '/'), { cwd: appFolder, absolute: true, dot: true });
  if (files.length === 0)
    throw new Error(
      `Worker was unable to load entry point "${main}": Found zero files matching it.`,
    );
  return files.sort((one, other) => depth(one) - depth(other) || (one < other ? -1 : 1));
}

function depth(file: string): number {
  return file.split(/[\\/]/).length;
}

async function loadEntryPoint(file: string, { type }: Manifest): Promise<void> {
  const isEsModule = file.endsWith('.mjs') || (type === 'module' && !file.endsWith('.cjs'));
  if (isEsModule) await import(pathToFileURL(file).href);
  else createRequire(file)(file);
}
