import {
  listBackfills,
  showBackfill,
  stopBackfill,
  type Backfill,
  type BackfillSummary,
} from '../client/backfills';
import type { AddCommand } from './program';
import { addAppOptions, sendFrom } from './target';
import { countsText, printable } from './text';

interface Options {
  readonly url?: string;
}

/** `nightshift backfills`, `nightshift backfills show <id>` and `nightshift backfills stop <id>` */
export const addBackfills: AddCommand = (program, context) => {
  const command = program
    .command('backfills')
    .description('List, show and stop backfills.')
    .helpCommand(false);
  addAppOptions(
    command
      .command('list', { isDefault: true })
      .description('List the backfills, the newest first.'),
  ).action(async (options: Options) => {
    const all = await listBackfills(sendFrom(context, options));
    const lines = all.length === 0 ? ['There are no backfills.'] : all.map(lineOf);
    context.write(`${lines.map(printable).join('\n')}\n`);
  });
  addAppOptions(command.command('show').description('Show a backfill.').argument('<id>')).action(
    async (id: string, options: Options) => {
      const found = await showBackfill(sendFrom(context, options), id);
      context.write(`${printable(lineOf(found))}\n${printable(progressOf(found))}\n`);
    },
  );
  addAppOptions(
    command
      .command('stop')
      .description('Stop a backfill: what waits is skipped, what runs continues.')
      .argument('<id>'),
  ).action(async (id: string, options: Options) => {
    const stopped = await stopBackfill(sendFrom(context, options), id);
    context.write(`${printable(progressOf(stopped))}\n`);
  });
};

function lineOf({ id, state, workload, from, to, by, cause }: BackfillSummary): string {
  const why = cause === null ? '' : `: ${cause}`;
  return `${id}  ${state}${why}  ${workload} from ${from} to ${to}, by ${by}`;
}

/** The progress of a backfill in one line. */
export function progressOf({ state, dueTimes, remaining, counts, running }: Backfill): string {
  const passed = `${dueTimes - remaining} of ${dueTimes} due times`;
  const runs = running.length === 0 ? '' : `; running: ${running.join(', ')}`;
  return `${state}: ${passed}; ${countsText(counts)}${runs}`;
}
