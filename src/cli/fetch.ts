import path from 'node:path';
import { SingleBar } from 'cli-progress';
import picomatch from 'picomatch';
import type { Connection } from '../client/api';
import { listOutputs, locateOutput, type Output } from '../client/outputs';
import { saveOutput, type Source } from './download';
import { exitCodes } from './exit-codes';
import { fetchStateIn } from './fetch-state';
import { findRunId, RUN_ARGUMENT } from './find-run';
import { certificateIn, LOCAL_STATE } from './local-environment';
import { nameRefusal } from './output-path';
import {
  columnsOf,
  CommandFailed,
  EndWith,
  WrongCall,
  type AddCommand,
  type CommandContext,
} from './program';
import { storageReader } from './storage-reader';
import { addAppOptions, connectionFrom, type AppOptions } from './target';
import { counted, jsonLine, printable, shortened } from './text';

interface Options extends AppOptions {
  readonly to?: string;
  readonly prefix?: string;
  readonly pattern?: string;
  readonly concurrency: string;
  readonly trust?: string;
  readonly json?: true;
}

const MAX_CONCURRENCY = 64;

/** `nightshift fetch <run>` */
export const addFetch: AddCommand = (program, context) => {
  const command = program
    .command('fetch')
    .description('Download outputs and logs of a run. A repeated call fetches what is missing.')
    .argument(...RUN_ARGUMENT)
    .option('--to <folder>', 'target folder (out/<run id>)')
    .option('--prefix <text>', 'only files whose names start with it')
    .option('--pattern <glob>', "only files that match, such as 'results/**/*.png'")
    .option('--concurrency <n>', `files at one time, 1 to ${MAX_CONCURRENCY}`, '8')
    .option('--trust <file>', 'certificate to trust in addition (that of npm start)')
    .option('--json', 'print what was saved, kept and skipped as JSON');
  addAppOptions(command)
    .addHelpText('after', `\nExit code ${exitCodes.incomplete}: some files could not be saved.`)
    .action(async (name: string, options: Options) => {
      const concurrency = concurrencyIn(options);
      const connection = connectionFrom(context, options);
      const runId = await findRunId(connection.send, name);
      const outputs = await chosenOutputs(connection, runId, options);
      const folder = path.resolve(context.folder, options.to ?? path.join('out', runId));
      const job = { runId, folder, concurrency, trust: trustFrom(context, options) };
      const fetched = await fetchAll(context, connection, outputs, job);
      context.write(
        options.json === true ? jsonLine({ runId, folder, ...fetched }) : textOf(fetched, folder),
      );
      for (const { name: one, reason } of fetched.skipped) {
        context.writeError(`skipped ${printable(`${JSON.stringify(one)}: ${reason}`)}\n`);
      }
      if (fetched.skipped.length > 0) throw new EndWith(exitCodes.incomplete);
    });
};

function concurrencyIn({ concurrency }: Options): number {
  const count = /^\d{1,3}$/.test(concurrency) ? Number(concurrency) : 0;
  if (count >= 1 && count <= MAX_CONCURRENCY) return count;
  throw new WrongCall(
    `--concurrency must be 1 to ${MAX_CONCURRENCY}, not ${JSON.stringify(concurrency)}`,
  );
}

function trustFrom({ root, folder }: CommandContext, { trust }: Options): string {
  return trust === undefined
    ? certificateIn(path.join(root, LOCAL_STATE))
    : path.resolve(folder, trust);
}

async function chosenOutputs(
  { send }: Connection,
  runId: string,
  { prefix = '', pattern }: Options,
): Promise<readonly Output[]> {
  const all = await listOutputs(send, runId, prefix);
  const matches = pattern === undefined ? () => true : picomatch(pattern, { dot: true });
  const chosen = all.filter(({ name }) => matches(name));
  if (chosen.length > 0) return chosen;
  const which = [
    ...(prefix === '' ? [] : [` whose names start with ${prefix}`]),
    ...(pattern === undefined ? [] : [` that match ${pattern}`]),
  ].join(' and');
  throw new CommandFailed(
    printable(`run ${runId} has no files${which}: none yet, or they were deleted`),
  );
}

interface Job {
  readonly runId: string;
  readonly folder: string;
  readonly concurrency: number;
  readonly trust: string;
}

interface Fetched {
  readonly saved: readonly Output[];
  /** Files that were there in the same version. */
  readonly kept: readonly Output[];
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/** A file that cannot be saved is skipped, so that one bad name does not cost the others. */
async function fetchAll(
  context: CommandContext,
  { locate }: Connection,
  outputs: readonly Output[],
  { runId, folder, concurrency, trust }: Job,
): Promise<Fetched> {
  const bar = openBar(context, outputs);
  const fetched = { saved: [] as Output[], kept: [] as Output[], skipped: [] as Skipped[] };
  const reader = storageReader(concurrency, trust);
  const state = fetchStateIn(folder);
  const source: Source = {
    locate: (name) => locateOutput(locate, runId, name),
    reader,
    state,
    folder,
    received: bar.received,
  };
  const queue = outputs.values();
  const worker = async (): Promise<void> => {
    for (const output of queue) {
      bar.show(output.name);
      const refusal = nameRefusal(output.name, context.platform);
      if (refusal !== null) fetched.skipped.push({ name: output.name, reason: refusal });
      else await fetchOne(source, output, fetched);
    }
  };
  try {
    await Promise.all(Array.from({ length: concurrency }, worker));
  } finally {
    bar.stop();
    reader.close();
    await state.close();
  }
  return fetched;
}

type Skipped = Fetched['skipped'][number];

async function fetchOne(
  source: Source,
  output: Output,
  { saved, kept, skipped }: { saved: Output[]; kept: Output[]; skipped: Skipped[] },
): Promise<void> {
  try {
    const end = await saveOutput(source, output);
    (end === 'saved' ? saved : kept).push(output);
  } catch (error) {
    skipped.push({
      name: output.name,
      reason: error instanceof Error ? error.message : String(error),
    });
  }
}

function textOf({ saved, kept }: Fetched, folder: string): string {
  if (saved.length + kept.length === 0) return '';
  const bytes = saved.reduce((sum, one) => sum + one.bytes, 0);
  const there = kept.length === 0 ? '' : `; ${counted(kept.length, 'file')} there already`;
  const text = `${counted(saved.length, 'file')}, ${counted(bytes, 'byte')}, in ${folder}${there}`;
  return `${printable(text)}\n`;
}

/** Columns of the bar, its share and the space around them. */
const BAR_COLUMNS = 48;

function openBar(context: CommandContext, outputs: readonly Output[]) {
  if (context.terminal === null) {
    return { show: () => undefined, received: () => undefined, stop: () => undefined };
  }
  const stream = context.terminal;
  const bar = new SingleBar({ format: '{bar} {percentage}%  {file}', hideCursor: true, stream });
  bar.start(
    Math.max(
      1,
      outputs.reduce((sum, { bytes }) => sum + bytes, 0),
    ),
    0,
    { file: '' },
  );
  return {
    show: (name: string) =>
      bar.update({ file: shortened(printable(name), columnsOf(context) - BAR_COLUMNS) }),
    received: (bytes: number) => bar.increment(bytes),
    stop: () => bar.stop(),
  };
}
