import { Option, type Command } from 'commander';
import {
  listRuns,
  RUN_STATUSES,
  type RunsQuery,
  type RunStatus,
  type RunSummary,
} from '../client/runs';
import { timeIn } from './instants';
import { columnsOf, WrongCall, type AddCommand, type CommandContext } from './program';
import { costText, minuteText, statusNames, tookText } from './run-text';
import { tableText, type Column } from './table';
import { addAppOptions, addJsonOption, sendFrom, type AppOptions } from './target';
import { jsonLine } from './text';

interface Options extends AppOptions {
  readonly workload?: string;
  readonly status?: readonly RunStatus[];
  readonly since?: string;
  readonly until?: string;
  readonly limit: string;
  readonly after?: string;
  readonly json?: true;
}

const MAX_LIMIT = 200;

/** `nightshift runs` */
export const addRuns: AddCommand = (program, context) => {
  const command = program
    .command('runs')
    .description('List runs, the newest first.')
    .option('--workload <name>', 'only this one')
    .addOption(new Option('--status <status...>', 'only these statuses').choices(RUN_STATUSES))
    .option('--since <time>', 'from then: an age such as 12h or 7d, or an instant')
    .option('--until <time>', 'before then')
    .option('--limit <n>', `runs to list, up to ${MAX_LIMIT}`, '20')
    .option('--after <next>', 'the page after the one that ends with this mark');
  list(addAppOptions(addJsonOption(command)), context);
};

function list(command: Command, context: CommandContext): void {
  command.action(async (options: Options) => {
    const page = await listRuns(sendFrom(context, options), queryFrom(context, options));
    if (options.json === true) return context.write(jsonLine(page));
    if (page.runs.length === 0) return context.write(`${NOTHING}\n`);
    context.write(tableText(columns, page.runs, columnsOf(context)));
    if (page.next !== null) context.write(`Older runs: --after ${page.next}\n`);
  });
}

const NOTHING = 'There are no such runs.';

function queryFrom(context: CommandContext, options: Options): RunsQuery {
  const { workload, status, since, until, limit, after } = options;
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_LIMIT) {
    throw new WrongCall(`--limit must be 1 to ${MAX_LIMIT}, not ${JSON.stringify(limit)}`);
  }
  const now = context.now();
  return {
    limit: Number(limit),
    ...(workload !== undefined && { workload }),
    ...(status !== undefined && { status }),
    ...(since !== undefined && { since: timeIn('--since', since, now) }),
    ...(until !== undefined && { until: timeIn('--until', until, now) }),
    ...(after !== undefined && { after }),
  };
}

const columns: readonly Column<RunSummary>[] = [
  { head: 'RUN', cell: ({ runId }) => runId },
  { head: 'STATUS', cell: ({ status }) => statusNames[status] },
  { head: 'CREATED (UTC)', cell: ({ createdAt }) => minuteText(createdAt), leaveOut: 3 },
  {
    head: 'TOOK',
    cell: ({ startedAt, endedAt }) => tookText(startedAt, endedAt),
    isRight: true,
    leaveOut: 4,
  },
  { head: 'COST', cell: ({ cost }) => costText(cost), isRight: true, leaveOut: 2 },
  {
    head: 'WHY',
    cell: ({ cause, waitingFor }) => cause?.message ?? waitingFor ?? '',
    takesRest: true,
    leaveOut: 1,
  },
];
