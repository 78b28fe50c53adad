#!/usr/bin/env node
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { realClock, scaledClock, type Clock, type ClockPace } from '../clock';
import { startHost, type RunningHost } from './host';
import type { HostKeys } from './keys';
import { printingLog, type Log } from './log';
import { localPort } from './settings';
import { stackOf } from '../errors';

/**
 * The host as a program:
 *
 *     node dist/local/functions/main.js [<app folder>] [--app <folder>] [--data <folder>] [--port 7071]
 *       [--rpc-port 17071] [--clock '<ClockPace as JSON>'] [--blob-poll <milliseconds>]
 *       [--pretend <type of output>] [--no-fsync] [--no-local-settings] [--enable-auth] [--verbose]
 *
 * Ends on SIGTERM and SIGINT within some ten seconds, with 0. As a child process with IPC it
 * sends `{ kind: 'ready', url, rpcUrl }` when it is up, and ends when its parent is gone.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    app: { type: 'string' },
    data: { type: 'string' },
    port: { type: 'string' },
    'rpc-port': { type: 'string', default: '17071' },
    clock: { type: 'string' },
    'blob-poll': { type: 'string' },
    pretend: { type: 'string', multiple: true, default: [] },
    'no-fsync': { type: 'boolean', default: false },
    'no-local-settings': { type: 'boolean', default: false },
    'enable-auth': { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

const clock = options.clock === undefined ? realClock : clockOf(options.clock);
const log = printingLog({
  write: (text) => process.stderr.write(text),
  now: () => clock.now(),
  colours: process.stderr.isTTY,
  verbose: options.verbose,
});
void run(clock, log);

async function run(clock: Clock, log: Log): Promise<void> {
  const appFolder = path.resolve(options.app ?? positionals[0] ?? '.');
  const dataFolder = path.resolve(options.data ?? dataFolderOf(appFolder));
  const starting = begin(appFolder, dataFolder);
  endWhenTold(starting, log);
  const host = await starting.catch((error: unknown) => fail(error, log));

  log('information', `The functions are at ${host.url}; their state is in ${dataFolder}`);
  process.send?.({ kind: 'ready', url: host.url, rpcUrl: host.rpcUrl });
}

async function begin(appFolder: string, dataFolder: string): Promise<RunningHost> {
  const port = options.port ?? localPort(appFolder) ?? 7071;
  // An app finds its files from its own folder, as in Azure and under Core Tools.
  if (fs.existsSync(appFolder)) process.chdir(appFolder);
  return startHost({
    appFolder,
    dataFolder,
    port: Number(port),
    rpcPort: Number(options['rpc-port']),
    clock,
    // oxlint-disable-next-line eslint/no-restricted-properties -- the app and its libraries read it
    environment: process.env,
    log,
    fsync: !options['no-fsync'],
    localSettings: !options['no-local-settings'],
    ...(options['blob-poll'] === undefined ? {} : { blobPollMs: Number(options['blob-poll']) }),
    pretendedOutputs: options.pretend,
    ...(options['enable-auth'] ? { keys: keysIn(dataFolder, log) } : {}),
  });
}

/** Each app has a state of its own: instances of one would be strangers to another. */
function dataFolderOf(appFolder: string): string {
  const hash = createHash('sha256').update(appFolder).digest('hex').slice(0, 8);
  return path.join('.nightshift', 'functions', `${path.basename(appFolder)}-${hash}`);
}

function endWhenTold(starting: Promise<RunningHost>, log: Log): void {
  const endSoftly = (): void => {
    log('information', 'The host ends; what runs has ten seconds.');
    void starting
      .then((host) => host.close())
      .then(
        () => end(0),
        (error: unknown) => fail(error, log),
      );
  };
  process.once('SIGTERM', endSoftly);
  process.once('SIGINT', endSoftly);
  // A parent that was killed leaves no orphan.
  process.once('disconnect', endSoftly);
  // What the app throws where nobody catches it ends a worker in Azure too.
  process.on('uncaughtException', (error) => void failWithApp(starting, error, log));
  process.once('exit', (code) => {
    if (!isEnding) log('error', `The host ends, because the app called process.exit(${code}).`);
  });
}

async function failWithApp(
  starting: Promise<RunningHost>,
  error: unknown,
  log: Log,
): Promise<void> {
  log('error', 'The host ends, because of an error that the app did not catch.');
  setTimeout(() => fail(error, log), MARKING_MS);
  try {
    await (await starting).hub.failActivities(EXITED);
  } finally {
    fail(error, log);
  }
}

/** As Azure calls the end of a worker. */
const EXITED = 'node exited with code 1 (0x1)';
/** So long may it take to write down which activities the app's error took with it. */
const MARKING_MS = 2000;

let isEnding = false;

function end(code: number): never {
  isEnding = true;
  process.exit(code);
}

function fail(error: unknown, log: Log): never {
  log('error', stackOf(error));
  end(1);
}

function clockOf(text: string): Clock {
  const { speed, realEpoch, clockEpoch } = JSON.parse(text) as ClockPace;
  if (![speed, realEpoch, clockEpoch].every(Number.isFinite))
    throw new Error(
      `'${text}' is no pace of a clock: speed, realEpoch and clockEpoch are numbers.`,
    );
  return scaledClock({ speed, realEpoch, clockEpoch });
}

/** Keys are made at the first start and kept, for the owner's eyes only. */
function keysIn(dataFolder: string, log: Log): HostKeys {
  const file = path.join(dataFolder, 'keys.json');
  if (!fs.existsSync(file)) {
    fs.mkdirSync(dataFolder, { recursive: true });
    const newKey = () => randomBytes(32).toString('base64url');
    const keys: HostKeys = { master: newKey(), host: newKey(), system: newKey(), functions: {} };
    fs.writeFileSync(file, JSON.stringify(keys, undefined, 2), { mode: 0o600 });
  }
  log('information', `Keys are asked for; they are in ${file}`);
  return JSON.parse(fs.readFileSync(file, 'utf8')) as HostKeys;
}
