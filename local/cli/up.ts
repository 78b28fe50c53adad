import { resolve } from 'node:path';
import { runCommand } from '../command-line';
import { startEnvironment, type Environment } from '../environment';
import { UserError } from '../error-line';
import { PartStartError } from '../part';
import { FIXED_PORTS } from '../ports';
import { upCommand } from './commands';
import { ROOT, LOCAL_STATE } from './folders';
import { rebuildOnChange } from './rebuild';
import { welcome } from './welcome';

/**
 * `npm start`: the environment stays up on fixed ports until Ctrl-C. Its state is kept in
 * `.nightshift/local`; the next start continues from there, even after `kill -9`.
 */
runCommand(upCommand, async (options) => {
  const folder = resolve(options.folder ?? LOCAL_STATE);
  const environment = await startEnvironment({
    folder,
    appFolder: ROOT,
    speed: Number(options.speed),
    ...(options.clock !== undefined && { clockAt: options.clock }),
    ports: FIXED_PORTS,
    machine: process.env,
    settings: settingsIn(options.setting),
    log: (part, line) => {
      if (part === 'host' || options.verbose) process.stdout.write(`${part.padEnd(8)} ${line}\n`);
    },
  }).catch((error: unknown) => {
    throw withoutPrintedLines(error, options.verbose);
  });
  endOnSignals(environment);
  for (const part of environment.parts) endWithPart(part, environment);
  process.stdout.write(`\n${await welcome(environment, folder, process.stdout.columns ?? 80)}\n\n`);
  if (options.watch) watch(environment);
});

/** `NAME=value`; the value may contain any character. */
function settingsIn(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const end = text.indexOf('=');
      return [text.slice(0, end), text.slice(end + 1)];
    }),
  );
}

/** The lines of the host, and with `--verbose` of every part, are on the terminal already. */
function withoutPrintedLines(error: unknown, isVerbose: boolean): unknown {
  if (!(error instanceof PartStartError)) return error;
  if (!isVerbose && !error.summary.startsWith('the Functions host')) return error;
  return new UserError(`${error.summary}; its own message is above`, { cause: error });
}

function endOnSignals(environment: Environment): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.stdout.write('\nStopping…\n');
      void environment.stop().finally(() => process.exit(0));
    });
  }
}

/** A part that ends stops the others: an incomplete environment would only mislead. */
function endWithPart(part: Environment['parts'][number], environment: Environment): void {
  part.once('exit', (code, signal) => {
    if (signal === 'SIGTERM' || code === 0) return;
    process.stderr.write(
      `A part of the environment ended (${signal ?? `exit code ${String(code)}`}); stopping the rest.\n`,
    );
    void environment.stop().finally(() => process.exit(1));
  });
}

/** A host that does not start is started again after the next change. */
function watch(environment: Environment): void {
  const print = (line: string) => process.stdout.write(`dev      ${line}\n`);
  rebuildOnChange(ROOT, print, async () => {
    print('built; restarting the Functions host');
    try {
      endWithPart(await environment.restartHost(), environment);
      print('the Functions host is up');
    } catch (error) {
      if (!(error instanceof PartStartError)) throw error;
      print(`${error.summary}; its own message is above`);
    }
  });
  print('watching src; a change rebuilds the app and restarts the Functions host');
}
