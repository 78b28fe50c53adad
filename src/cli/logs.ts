import type { Send } from '../client/api';
import { readLog, type LogPart, type LogSource } from '../client/logs';
import { hasEnded, showRun } from '../client/runs';
import { listTasks, type TaskView } from '../client/tasks';
import { findRunId, isNotFound, RUN_ARGUMENT } from './find-run';
import {
  columnsOf,
  CommandFailed,
  WrongCall,
  type AddCommand,
  type CommandContext,
} from './program';
import { tookText } from './run-text';
import { tableText, type Column } from './table';
import { addAppOptions, addJsonOption, sendFrom, type AppOptions } from './target';
import { jsonLine, printable, printableLines } from './text';

interface Options extends AppOptions {
  readonly follow?: true;
  readonly stderr?: true;
  readonly node?: string;
  readonly json?: true;
}

/** `nightshift logs <run> [task]` */
export const addLogs: AddCommand = (program, context) => {
  const command = program
    .command('logs')
    .description('Show the log of a task, also while it runs; without a task, list the tasks.')
    .argument(...RUN_ARGUMENT)
    .argument('[task]', 'id of a task; the only one where it is left out')
    .option('-f, --follow', 'continue until the task has ended')
    .option('--stderr', 'stderr instead of stdout')
    .option('--node <node>', 'the log of the start task of this node of an active run');
  addAppOptions(addJsonOption(command)).action(
    async (name: string, task: string | undefined, options: Options) => {
      if (task !== undefined && options.node !== undefined) {
        throw new WrongCall('name a task or --node, not both');
      }
      const send = sendFrom(context, options);
      const runId = await findRunId(send, name);
      const id = task ?? (options.node === undefined ? await onlyTask(send, runId) : '');
      if (id === null) return listAll(context, send, runId, options.json === true);
      const log = options.stderr === true ? 'stderr' : 'stdout';
      const source: LogSource =
        options.node === undefined
          ? { kind: 'task', task: id, log }
          : { kind: 'node', node: options.node, log };
      await print(context, send, runId, source, options);
    },
  );
};

/** Null where the run has another number of tasks than one. */
async function onlyTask(send: Send, runId: string): Promise<string | null> {
  const { tasks, next } = await listTasks(send, runId, { limit: 2 });
  const [only] = tasks;
  return only !== undefined && tasks.length === 1 && next === null ? only.id : null;
}

const MAX_LISTED = 200;

async function listAll(context: CommandContext, send: Send, runId: string, isJson: boolean) {
  const page = await listTasks(send, runId, { limit: MAX_LISTED });
  if (isJson) return context.write(jsonLine(page));
  const [first] = page.tasks;
  if (first === undefined) {
    throw new CommandFailed(`run ${runId} has no tasks: none yet, or they were deleted`);
  }
  context.write(tableText(columns, page.tasks, columnsOf(context)));
  const more = page.next === null ? '' : `The first ${page.tasks.length} tasks. `;
  context.write(printable(`${more}Name one: nightshift logs ${runId} ${first.id}`));
  context.write('\n');
}

const columns: readonly Column<TaskView>[] = [
  { head: 'TASK', cell: ({ id }) => id },
  { head: 'STATE', cell: ({ state }) => state },
  { head: 'EXIT', cell: ({ exitCode }) => String(exitCode ?? ''), isRight: true, leaveOut: 3 },
  {
    head: 'TOOK',
    cell: ({ startedAt, endedAt }) => tookText(startedAt, endedAt),
    isRight: true,
    leaveOut: 2,
  },
  {
    head: 'INPUT OR CAUSE',
    cell: ({ input, cause }) => cause ?? input ?? '',
    takesRest: true,
    leaveOut: 1,
  },
];

const POLL_MS = 2000;

async function print(
  context: CommandContext,
  send: Send,
  runId: string,
  source: LogSource,
  { follow, json }: Options,
): Promise<void> {
  let offset = 0;
  for (;;) {
    const part = await readOrWait(send, runId, source, offset, follow === true);
    if (part === 'ended') return;
    if (part !== 'waits') {
      if (json === true) context.write(jsonLine(part));
      else context.write(printableLines(part.text));
      const isRead = part.next >= part.length || part.next === offset;
      offset = part.next;
      if (part.isEnded || (isRead && follow !== true)) return;
      if (!isRead) continue;
    }
    await context.wait(POLL_MS);
  }
}

/** A log that is not there appears when its task starts, and disappears with its node. */
async function readOrWait(
  send: Send,
  runId: string,
  source: LogSource,
  offset: number,
  isFollowed: boolean,
): Promise<LogPart | 'waits' | 'ended'> {
  try {
    return await readLog(send, runId, source, offset);
  } catch (error) {
    if (!isFollowed || !isNotFound(error) || error.code !== 'unknownLog') throw error;
    if (!hasEnded(await showRun(send, runId))) return 'waits';
    if (offset > 0) return 'ended';
    throw error;
  }
}
