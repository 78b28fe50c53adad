import { retryRun } from '../client/retries';
import type { AddCommand } from './program';
import { addAppOptions, sendFrom } from './target';
import { printable } from './text';

interface RetryOptions {
  readonly all?: true;
  readonly by?: string;
  readonly url?: string;
}

/** `nightshift retry <run id>` */
export const addRetry: AddCommand = (program, context) => {
  const command = program
    .command('retry')
    .description('Run again what failed in a run that has ended, with the results of the rest.')
    .argument('<run id>')
    .option('--all', 'run everything again, on the inputs as they are')
    .option('--by <name>', 'name to show for the retry');
  addAppOptions(command).action(async (runId: string, { all, by, ...options }: RetryOptions) => {
    const retried = await retryRun(sendFrom(context, options), runId, {
      ...(all === true && { tasks: 'all' }),
      ...(by !== undefined && { by }),
    });
    const verb = retried.isNew ? 'has started' : 'is active already';
    context.write(`${printable(`Run ${retried.runId} ${verb}; it retries run ${runId}.`)}\n`);
  });
};
