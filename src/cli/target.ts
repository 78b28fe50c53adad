import type { Command } from 'commander';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { connectTo, type Connection, type Send, type Target } from '../client/api';
import { CommandFailed, WrongCall, type CommandContext } from './program';
import { isLoopback, isSiteId } from './sign-in';
import { printable } from './text';

/** The address of the local environment that `npm start` starts. */
export const LOCAL_URL = 'http://localhost:7071';

export interface AppOptions {
  readonly url?: string;
  readonly keyFile?: string;
  readonly app?: string;
}

/** Adds the options that choose the app and the key for it. */
export function addAppOptions(command: Command): Command {
  return command
    .option('--url <url>', `the app (NIGHTSHIFT_URL, or ${LOCAL_URL})`)
    .option('--key-file <file>', 'file with its function key (NIGHTSHIFT_KEY has the key)')
    .option('--app <id>', 'its resource id in Azure, to fetch the key as signed in');
}

/** Adds the option for output to programs. */
export function addJsonOption(command: Command): Command {
  return command.option('--json', "print the API's answer as JSON");
}

/** The app that a command speaks to. */
export function connectionFrom(context: CommandContext, options: AppOptions): Connection {
  return connectTo(targetFrom(context, options));
}

export function sendFrom(context: CommandContext, options: AppOptions): Send {
  return connectionFrom(context, options).send;
}

export function urlFrom({ environment }: CommandContext, { url }: AppOptions): string {
  const address = url ?? (environment['NIGHTSHIFT_URL'] || LOCAL_URL);
  if (/^https?:\/\/[^/]/.test(address) && URL.canParse(address)) return address;
  const name = url === undefined ? 'NIGHTSHIFT_URL' : '--url';
  throw new WrongCall(`${name} must be a URL, not ${JSON.stringify(address)}`);
}

function targetFrom(context: CommandContext, options: AppOptions): Target {
  const url = urlFrom(context, options);
  const fetchKey = fetchKeyFrom(context, options, url);
  return { url, key: keyFrom(context, options), ...(fetchKey !== null && { fetchKey }) };
}

/** No option has the key itself: other users of the machine can list the arguments of a process. */
function keyFrom({ environment, folder }: CommandContext, { keyFile }: AppOptions): string | null {
  if (keyFile === undefined) return environment['NIGHTSHIFT_KEY'] || null;
  const key = readKey(path.resolve(folder, keyFile));
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new CommandFailed(`${printable(keyFile)} must contain a function key and nothing else`);
}

function readKey(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const { code = 'unknown' } = cause as NodeJS.ErrnoException;
    const message = `the key file ${printable(file)} cannot be read (${code})`;
    throw new CommandFailed(message, undefined, { cause });
  }
}

/** Null for an app on this machine, which is in no subscription, unless its resource is named. */
function fetchKeyFrom(context: CommandContext, { app }: AppOptions, url: string) {
  if (app !== undefined && !isSiteId(app)) {
    throw new WrongCall(
      `--app must be /subscriptions/…/resourceGroups/…/providers/Microsoft.Web/sites/<name>, not ${JSON.stringify(app)}`,
    );
  }
  if (isLoopback(url) && app === undefined) return null;
  return () => {
    if (!url.startsWith('https:') && !isLoopback(url)) {
      throw new CommandFailed(`${url} asks for a key, which is sent over https only`);
    }
    return context.fetchHostKey(
      app === undefined ? { kind: 'host', host: new URL(url).hostname } : { kind: 'id', id: app },
    );
  };
}
