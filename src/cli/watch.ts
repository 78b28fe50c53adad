import type { Send } from '../client/api';
import { ApiError } from '../client/api-error';
import { hasEnded, showRun, type RunStatus, type RunView } from '../client/runs';
import { exitCodeOf } from './exit-codes';
import { findRunId, RUN_ARGUMENT } from './find-run';
import { EndWith, type AddCommand, type CommandContext } from './program';
import { openProgress } from './progress';
import { statusNames, tookText } from './run-text';
import { addAppOptions, addJsonOption, sendFrom, type AppOptions } from './target';
import { jsonLine, printable } from './text';

interface Options extends AppOptions {
  readonly json?: true;
}

/** `nightshift watch <run>` */
export const addWatch: AddCommand = (program, context) => {
  const command = program
    .command('watch')
    .description('Show the progress of a run until its end.')
    .argument(...RUN_ARGUMENT);
  addAppOptions(addJsonOption(command))
    .addHelpText('after', HELP)
    .action(async (name: string, options: Options) => {
      const send = sendFrom(context, options);
      const runId = await findRunId(send, name);
      await watchRun(context, send, runId, { isJson: options.json === true });
    });
};

const HELP = `
The exit code says how the run ended: 0 succeeded, 10 failed, 11 timed out,
12 cancelled, 13 skipped, 14 missed. With --json each change is a line of JSON.`;

const POLL_MS = 2000;
/** Polls without an answer, in a row, after which the app counts as gone: a deployment restarts it. */
const MAX_MISSED = 20;

interface Watching {
  readonly isJson: boolean;
  /** The end of the run that is success. Default: succeeded. */
  readonly wanted?: RunStatus;
}

/** Shows a run until its end. @throws EndWith the exit code of an end that is not wanted */
export async function watchRun(
  context: CommandContext,
  send: Send,
  runId: string,
  { isJson, wanted = 'succeeded' }: Watching,
): Promise<void> {
  const run = isJson
    ? await follow(context, send, runId, jsonLines(context))
    : await followWithProgress(context, send, runId);
  if (!isJson) context.write(`${printable(endOf(run))}\n`);
  if (run.status !== wanted) throw new EndWith(exitCodeOf(run.status));
}

async function followWithProgress(context: CommandContext, send: Send, runId: string) {
  const began = context.now().getTime();
  const progress = openProgress(context);
  try {
    return await follow(context, send, runId, (run) =>
      progress.show(run, (context.now().getTime() - began) / 1000),
    );
  } finally {
    progress.end();
  }
}

async function follow(
  { wait }: CommandContext,
  send: Send,
  runId: string,
  show: (run: RunView) => void,
): Promise<RunView> {
  let allowed = 0;
  for (;;) {
    try {
      const run = await showRun(send, runId);
      show(run);
      if (hasEnded(run)) return run;
      allowed = MAX_MISSED;
    } catch (error) {
      // Before the first answer, the address may be wrong.
      if (allowed === 0 || !isTransient(error)) throw error;
      allowed -= 1;
    }
    await wait(POLL_MS);
  }
}

function isTransient(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.kind === 'unreachable' || error.status === 429 || (error.status ?? 0) >= 500;
}

/** A line for each change: what only counts up, such as node-minutes, is none. */
function jsonLines({ write }: CommandContext): (run: RunView) => void {
  let last = '';
  return (run) => {
    const { status, phase, waitingFor, tasks, nodes } = run;
    const state = JSON.stringify([status, phase, waitingFor, tasks, nodes]);
    if (state !== last) write(jsonLine(run));
    last = state;
  };
}

function endOf({ runId, status, startedAt, endedAt, cause }: RunView): string {
  const took = tookText(startedAt, endedAt);
  const after = took === '' ? '' : ` after ${took}`;
  const why = cause === null ? '' : `: ${cause.message}`;
  return `${runId}: ${statusNames[status]}${after}${why}`;
}
