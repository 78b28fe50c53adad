import { Option } from 'commander';
import type { Send } from '../client/api';
import {
  planBackfill,
  showBackfill,
  startBackfill,
  type Backfill,
  type BackfillPlan,
  type NewBackfill,
} from '../client/backfills';
import { progressOf } from './backfills';
import { CommandFailed, WrongCall, type AddCommand, type CommandContext } from './program';
import { addAppOptions, sendFrom } from './target';
import { counted, countsText, printable } from './text';

interface BackfillOptions {
  readonly from: string;
  readonly to: string;
  readonly order?: 'oldest-first' | 'newest-first';
  readonly atOnce?: string;
  readonly again?: 'never' | 'failed' | 'always';
  readonly schedule?: string;
  readonly by?: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly watch?: true;
  readonly url?: string;
}

/** `nightshift backfill <workload>` */
export const addBackfill: AddCommand = (program, context) => {
  const command = program
    .command('backfill')
    .description('Run due times of a workload that have passed, after showing which.')
    .argument('<workload>')
    .requiredOption('--from <day>', 'first day, such as 2026-11-23, or instant')
    .requiredOption('--to <day>', 'last day or instant, included')
    .addOption(
      new Option('--order <order>', 'order of the runs').choices(['oldest-first', 'newest-first']),
    )
    .option('--at-once <n>', 'bound on its runs at one time, 1 to 100 (1)')
    .addOption(
      new Option('--again <which>', 'due times that run once more').choices([
        'never',
        'failed',
        'always',
      ]),
    )
    .option('--schedule <index>', 'index of one schedule of the workload, from 0')
    .option('--by <name>', 'name to show for the backfill')
    .option('--dry-run', 'only show what would run')
    .option('--yes', 'do not ask before it starts')
    .option('--watch', 'show the progress until its end');
  addAppOptions(command).action(async (workload: string, options: BackfillOptions) => {
    const body = bodyOf(options);
    const send = sendFrom(context, options);
    const plan = await planBackfill(send, workload, body);
    context.write(planText(plan));
    if (options.dryRun === true || plan.runs === 0) return;
    if (options.yes !== true && !(await isConfirmed(context, plan))) return;
    const started = await startBackfill(send, workload, body);
    const verb = started.isNew ? 'has started' : 'is active already';
    context.write(`${printable(`Backfill ${started.id} ${verb}.`)}\n`);
    if (options.watch === true) await watch(context, send, started);
  });
};

function bodyOf(options: BackfillOptions): NewBackfill {
  const { from, to, order, atOnce, again, schedule, by } = options;
  return {
    from,
    to,
    ...(order !== undefined && { order: order === 'oldest-first' ? 'oldestFirst' : 'newestFirst' }),
    ...(atOnce !== undefined && { atOnce: wholeIn('--at-once', atOnce) }),
    ...(again !== undefined && { again }),
    ...(schedule !== undefined && { schedule: wholeIn('--schedule', schedule) }),
    ...(by !== undefined && { by }),
  };
}

function wholeIn(option: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new WrongCall(`${option} must be a whole number, not ${JSON.stringify(text)}`);
}

async function isConfirmed(
  { confirm }: CommandContext,
  { runs, workload }: BackfillPlan,
): Promise<boolean> {
  if (confirm === null) throw new WrongCall('nobody can be asked here; add --yes to start it');
  return confirm(printable(`Start ${counted(runs, 'run')} of ${workload}?`));
}

/** Due times that are printed; the app lists up to 100. */
const MAX_PRINTED = 20;

function planText({ workload, dueTimes, runs, counts, estimate, list }: BackfillPlan): string {
  const shown = list.filter((one) => one.runs).slice(0, MAX_PRINTED);
  const more = runs - shown.length;
  const lines = [
    `${counted(dueTimes, 'due time')} of ${workload}: ${countsText(counts)}.`,
    ...shown.map(({ dueLocal, status }) => `  ${dueLocal}  ${status ?? ''}`.trimEnd()),
    ...(more > 0 ? [`  and ${more} more`] : []),
    runs === 0 ? 'Nothing is left to run.' : `${counted(runs, 'run')}: ${estimateText(estimate)}.`,
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

function estimateText({
  basis,
  basedOnRuns,
  nodeMinutes,
  cost,
  minutes,
}: BackfillPlan['estimate']) {
  const money = cost === null ? '' : `, cost ${cost}`;
  const source =
    basis === 'declaration'
      ? 'at most, since no run has succeeded yet'
      : `by the last ${counted(basedOnRuns, 'run')} that succeeded`;
  return `${nodeMinutes} node-minutes${money}, ${minutes} minutes, ${source}`;
}

const POLL_MS = 10_000;

/** @throws CommandFailed for a backfill that was stopped */
async function watch(context: CommandContext, send: Send, started: Backfill): Promise<void> {
  let shown = '';
  for (let now = started; ; now = await showBackfill(send, started.id)) {
    const line = printable(progressOf(now));
    if (line !== shown) context.write(`${line}\n`);
    shown = line;
    if (now.state === 'stopped') {
      throw new CommandFailed(printable(`backfill ${now.id} was stopped: ${now.cause ?? ''}`));
    }
    if (now.state === 'done') return;
    await context.wait(POLL_MS);
  }
}
