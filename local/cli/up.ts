import { join, resolve } from 'node:path';
import { parseOptions } from './command-line';
import { FIXED_PORTS, startEnvironment, type Environment } from '../environment';
import { formatError } from '../errors';

/**
 * `npm start`: the environment stays up on fixed ports until Ctrl-C. State is kept in
 * `.nightshift/local`; started again, it goes on where it was, even after `kill -9`.
 */
const usage = `npm start -- [--speed N] [--folder F] [--setting NAME=value]… [--verbose]
  --speed N    let the clock run N times as fast as real time (1)
  --folder F   keep the state in F (.nightshift/local)
  --setting S  an app setting, as NAME=value; may be repeated
  --verbose    print what every part logs, not the app's lines alone
`;
const root = resolve(__dirname, '..', '..', '..');

const { values: options } = parseOptions(usage, {
  options: {
    speed: { type: 'string', default: '1' },
    folder: { type: 'string', default: join(root, '.nightshift', 'local') },
    setting: { type: 'string', multiple: true, default: [] },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function up(): Promise<void> {
  const speed = Number(options.speed);
  if (options.help) return void process.stdout.write(usage);
  if (!(speed > 0 && speed <= 1000))
    throw new Error(`--speed must be a number above 0 and up to 1000, not ${options.speed}`);

  const environment = await startEnvironment({
    folder: resolve(options.folder),
    appFolder: root,
    speed,
    ports: FIXED_PORTS,
    machine: process.env,
    settings: settingsIn(options.setting),
    log: (part, line) => {
      if (part === 'host' || options.verbose) process.stdout.write(`${part.padEnd(8)} ${line}\n`);
    },
  });
  endWithSignals(environment);
  endWithPart(environment);
  process.stdout.write(`\n${welcome(environment).join('\n')}\n\n`);
}

/** `NAME=value`; the value may hold any character. */
function settingsIn(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const [, name, value] = /^([\w.:-]+)=(.*)$/s.exec(text) ?? [];
      if (name === undefined || value === undefined)
        throw new Error(`--setting must be NAME=value, not ${JSON.stringify(text)}`);
      return [name, value];
    }),
  );
}

function welcome({ batch, vaultUrl, storage, appUrl, pace, clock }: Environment): string[] {
  const speed =
    pace.speed === 1 ? 'runs in real time' : `runs ${pace.speed} times as fast as a real one`;
  return [
    `Nightshift is up. Its clock ${speed} and shows ${clock.now().toISOString()}.`,
    '',
    `  app      ${appUrl}/api/runs`,
    `  storage  ${storage.blobUrl}`,
    `  Batch    ${batch.url}`,
    `  vault    ${vaultUrl}`,
    `  state    ${resolve(options.folder)}`,
    '',
    'From another terminal, in this folder:',
    '  npm run drop -- inbox mesh.ply                   a mesh, which starts a render',
    '  npm run drop -- reports-in table.csv             a table for the nightly report',
    `  curl -X POST ${appUrl}/api/runs/nightly-report   starts the report now`,
    `  curl ${appUrl}/api/runs                          what happens`,
    '  npm run fetch -- <run id>                        brings outputs and logs to disk',
    '',
    'Ctrl-C stops everything; the state stays.',
  ];
}

function endWithSignals(environment: Environment): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.stdout.write('\nStopping…\n');
      void environment.stop().finally(() => process.exit(0));
    });
  }
}

/** A part that dies takes the others with it: half an environment only misleads. */
function endWithPart(environment: Environment): void {
  for (const part of environment.parts) {
    part.once('exit', (code, signal) => {
      if (signal === 'SIGTERM' || code === 0) return;
      process.stderr.write(
        `A part of the environment ended (${signal ?? `exit code ${String(code)}`}); stopping the rest.\n`,
      );
      void environment.stop().finally(() => process.exit(1));
    });
  }
}

up().catch((error: unknown) => {
  process.stderr.write(`${formatError(error)}\n`);
  process.exit(1);
});
