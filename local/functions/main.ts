#!/usr/bin/env node
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { realClock, scaledClock, type Clock, type ClockPace } from '../clock';
import { startHost, type RunningHost } from './host';
import type { HostKeys } from './keys';
import { printingLog, type Log } from './log';

/**
 * The host as a program:
 *
 *     node dist/local/functions/main.js [<app folder>] [--app <folder>] [--data <folder>] [--port 7071]
 *       [--rpc-port 17071] [--clock '<ClockPace as JSON>'] [--blob-poll <milliseconds>]
 *       [--no-fsync] [--enable-auth] [--verbose]
 *
 * Ends on SIGTERM and SIGINT within some ten seconds, with 0. As a child process with IPC it
 * sends `{ kind: 'ready', url, rpcUrl }` when it is up, and ends when its parent is gone.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    app: { type: 'string' },
    data: { type: 'string', default: '.nightshift/functions' },
    port: { type: 'string', default: '7071' },
    'rpc-port': { type: 'string', default: '17071' },
    clock: { type: 'string' },
    'blob-poll': { type: 'string' },
    'no-fsync': { type: 'boolean', default: false },
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
  const dataFolder = path.resolve(options.data);
  const starting = startHost({
    appFolder: path.resolve(options.app ?? positionals[0] ?? '.'),
    dataFolder,
    port: Number(options.port),
    rpcPort: Number(options['rpc-port']),
    clock,
    // oxlint-disable-next-line eslint/no-restricted-properties -- the app and its libraries read it
    environment: process.env,
    log,
    fsync: !options['no-fsync'],
    ...(options['blob-poll'] === undefined ? {} : { blobPollMs: Number(options['blob-poll']) }),
    ...(options['enable-auth'] ? { keys: keysIn(dataFolder, log) } : {}),
  });
  endWhenTold(starting, log);
  const host = await starting.catch((error: unknown) => fail(error, log));

  log('information', `The functions are at ${host.url}`);
  process.send?.({ kind: 'ready', url: host.url, rpcUrl: host.rpcUrl });
}

function endWhenTold(starting: Promise<RunningHost>, log: Log): void {
  const end = (): void => {
    void starting
      .then((host) => host.close())
      .then(
        () => process.exit(0),
        (error: unknown) => fail(error, log),
      );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  // A parent that was killed leaves no orphan.
  process.once('disconnect', end);
}

function fail(error: unknown, log: Log): never {
  log('error', error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exit(1);
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
