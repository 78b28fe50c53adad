#!/usr/bin/env node
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { realClock, scaledClock, type Clock, type ClockPace } from '../clock';
import { runCommand, type CommandLine, type Values } from '../command-line';
import { errorLine, UserError } from '../error-line';
import { hostCommand } from './command';
import { startHost, type RunningHost } from './host';
import type { HostKeys } from './keys';
import { printingLog, type Log } from './log';
import { localPort } from './settings';
import { stackOf } from '../errors';

/**
 * The host as a program; `command.ts` has its options. Ends on SIGTERM and SIGINT within about ten
 * seconds, with exit code 0. As a child process with an IPC channel it sends
 * `{ kind: 'ready', url, rpcUrl }` when it is ready, and ends when its parent has ended.
 */
runCommand(hostCommand, async (options, [appArgument]) => {
  const clock = options.clock === undefined ? realClock : clockOf(options.clock);
  const log = printingLog({
    write: (text) => process.stderr.write(text),
    now: () => clock.now(),
    colours: process.stderr.isTTY,
    verbose: options.verbose,
  });
  const appFolder = path.resolve(options.app ?? appArgument ?? '.');
  const dataFolder = path.resolve(options.data ?? dataFolderOf(appFolder));
  const starting = start({ options, appFolder, dataFolder, clock, log });
  endOnSignals(starting, log);
  const host = await starting.catch((error: unknown) => fail(errorLine(error), log));

  log('information', `The functions are at ${host.url}; their state is in ${dataFolder}`);
  process.send?.({ kind: 'ready', url: host.url, rpcUrl: host.rpcUrl });
});

interface Start {
  readonly options: typeof hostCommand extends CommandLine<infer Known> ? Values<Known> : never;
  readonly appFolder: string;
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly log: Log;
}

async function start({ options, appFolder, dataFolder, clock, log }: Start): Promise<RunningHost> {
  if (!fs.existsSync(appFolder)) throw new UserError(`the app folder ${appFolder} does not exist`);
  const port = options.port ?? localPort(appFolder) ?? 7071;
  // An app opens its files relative to its own folder, as in Azure and under Core Tools.
  process.chdir(appFolder);
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

/** One state folder for each app: instances of one app have no meaning in another. */
function dataFolderOf(appFolder: string): string {
  const hash = createHash('sha256').update(appFolder).digest('hex').slice(0, 8);
  return path.join('.nightshift', 'functions', `${path.basename(appFolder)}-${hash}`);
}

function endOnSignals(starting: Promise<RunningHost>, log: Log): void {
  const endSoftly = (): void => {
    log('information', 'The host is stopping; running functions have ten seconds.');
    void starting
      .then((host) => host.close())
      .then(
        () => end(0),
        (error: unknown) => fail(stackOf(error), log),
      );
  };
  process.once('SIGTERM', endSoftly);
  process.once('SIGINT', endSoftly);
  // The host must not outlive a parent that was killed.
  process.once('disconnect', endSoftly);
  // An uncaught error of the app ends a worker in Azure too.
  process.on('uncaughtException', (error) => void failWithApp(starting, error, log));
  process.once('exit', (code) => {
    if (!isEnding) log('error', `The host is ending because the app called process.exit(${code}).`);
  });
}

async function failWithApp(
  starting: Promise<RunningHost>,
  error: unknown,
  log: Log,
): Promise<void> {
  log('error', 'The host is ending because of an error that the app did not catch.');
  setTimeout(() => fail(stackOf(error), log), MARKING_MS);
  try {
    await (await starting).hub.failActivities(EXITED);
  } finally {
    fail(stackOf(error), log);
  }
}

/** Azure's message for a worker that ended. */
const EXITED = 'node exited with code 1 (0x1)';
/** Upper bound on the time to mark the running activities as failed. */
const MARKING_MS = 2000;

let isEnding = false;

function end(code: number): never {
  isEnding = true;
  process.exit(code);
}

function fail(message: string, log: Log): never {
  log('error', message);
  end(1);
}

function clockOf(pace: string): Clock {
  return scaledClock(JSON.parse(pace) as ClockPace);
}

/** Keys are created at the first start and stored in a file that only the owner can read. */
function keysIn(dataFolder: string, log: Log): HostKeys {
  const file = path.join(dataFolder, 'keys.json');
  if (!fs.existsSync(file)) {
    fs.mkdirSync(dataFolder, { recursive: true });
    const newKey = () => randomBytes(32).toString('base64url');
    const keys: HostKeys = { master: newKey(), host: newKey(), system: newKey(), functions: {} };
    fs.writeFileSync(file, JSON.stringify(keys, undefined, 2), { mode: 0o600 });
  }
  log('information', `Keys are required; they are in ${file}`);
  return JSON.parse(fs.readFileSync(file, 'utf8')) as HostKeys;
}
