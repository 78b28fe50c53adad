import { pause, resume, type Paused } from '../client/pauses';
import type { AddCommand } from './program';
import { addAppOptions, sendFrom } from './target';
import { instantIn } from './instants';
import { printable } from './text';

interface PauseOptions {
  readonly reason: string;
  readonly until?: string;
  readonly by?: string;
  readonly url?: string;
}

/** `nightshift pause [workload]` */
export const addPause: AddCommand = (program, context) => {
  const command = program
    .command('pause')
    .description('Pause a workload, or all: due times are skipped, blobs and follow-ups wait.')
    .argument('[workload]', 'all where it is left out')
    .requiredOption('--reason <text>', 'one sentence for people')
    .option('--until <time>', 'end of the pause, such as 2026-12-01T06:00+01:00')
    .option('--by <name>', 'name to show for the pause');
  addAppOptions(command).action(async (workload: string | undefined, options: PauseOptions) => {
    const { reason, until, by } = options;
    const end = until === undefined ? undefined : instantIn('--until', until);
    const paused = await pause(sendFrom(context, options), workload ?? null, {
      reason,
      ...(end !== undefined && { until: end }),
      ...(by !== undefined && { by }),
    });
    context.write(`${sentenceOn(paused)}\n`);
  });
};

/** `nightshift resume [workload]` */
export const addResume: AddCommand = (program, context) => {
  const command = program
    .command('resume')
    .description('End a pause: what waits starts, as far as bounds allow.')
    .argument('[workload]', 'the pause of all where it is left out')
    .option('--by <name>', 'name to show in the log');
  addAppOptions(command).action(
    async (workload: string | undefined, options: Omit<PauseOptions, 'reason' | 'until'>) => {
      const { by } = options;
      const body = by === undefined ? {} : { by };
      const resumed = await resume(sendFrom(context, options), workload ?? null, body);
      context.write(`${sentenceOn(resumed)}\n`);
    },
  );
};

/** A workload that is resumed may still be in the pause of all. */
function sentenceOn({ workload, pause: held }: Paused): string {
  const name = workload ?? 'All workloads';
  const verb = workload === null ? 'are' : 'is';
  if (held === null) return printable(`${name} ${verb} not paused any more.`);
  const end = held.until === null ? 'until it is resumed' : `until ${held.until}`;
  return printable(`${name} ${verb} paused by ${held.by} ${end}: ${held.reason}`);
}
