import type { Command } from 'commander';
import { EndWith, type AddCommand } from './program';
import { MAX_DAYS, DAYS, type RehearseOptions } from './rehearse-options';

/** `nightshift rehearse` */
export const addRehearse: AddCommand = (program, context) => {
  const command = program
    .command('rehearse')
    .description('Play the schedules of this app over days, and print what runs when.');
  addOptions(command).action(async (options: RehearseOptions) => {
    const { playRehearsal } = await import('./play-rehearsal.js');
    const { text, isKept } = await playRehearsal(context.root, options, context);
    context.write(text);
    if (options.strict === true && !isKept) throw new EndWith(1);
  });
};

function addOptions(command: Command): Command {
  const each = (value: string, before: readonly string[] = []): readonly string[] => [
    ...before,
    value,
  ];
  return command
    .option('--from <day>', 'first local day, such as 2026-12-01 (default: today)')
    .option('--days <n>', `number of days, up to ${MAX_DAYS} (default: ${DAYS})`)
    .option('--workload <name>', 'only this one; may be repeated', each)
    .option('--minutes <name=n>', 'minutes of work of each run; may be repeated', each)
    .option('--url <url>', 'take the minutes from past runs of the app there')
    .option('--nodes-quota <n>', 'Spot nodes of all runs (default: SPOT_CORE_QUOTA)')
    .option('--down <from/to>', 'no host in this time; may be repeated', each)
    .option('--json', 'print JSON')
    .option('--strict', 'exit code 1 when a run is skipped, missed or fails')
    .addHelpText('after', HELP);
}

const HELP = `
Plays the real triggers, admission, reconciler and workflow of src/main.ts, with
the settings of local.settings.json and the environment, on a model of Batch.
No service is called, but that of --url. See docs/rehearse.md.

  nightshift rehearse --from 2026-12-01 --minutes nightly-report=25
  nightshift rehearse --days 366 --nodes-quota 20 --strict
  nightshift rehearse --down 2026-12-05T10:00/2026-12-07`;
