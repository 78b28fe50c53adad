import { cancelRun } from '../client/runs';
import type { AddCommand } from './program';
import { addAppOptions, addJsonOption, sendFrom, type AppOptions } from './target';
import { jsonLine, printable } from './text';
import { watchRun } from './watch';

interface Options extends AppOptions {
  readonly watch?: true;
  readonly json?: true;
}

/** `nightshift cancel <run id>` */
export const addCancel: AddCommand = (program, context) => {
  const command = program
    .command('cancel')
    .description('Cancel a run: its job and pool are deleted, logs and outputs are kept.')
    .argument('<run id>')
    .option('--watch', 'wait until it has ended; success when it was cancelled');
  addAppOptions(addJsonOption(command)).action(async (runId: string, options: Options) => {
    const send = sendFrom(context, options);
    const cancelled = await cancelRun(send, runId);
    const isJson = options.json === true;
    context.write(
      isJson
        ? jsonLine(cancelled)
        : `${printable(`Run ${cancelled.runId}: ${cancelled.message}.`)}\n`,
    );
    if (options.watch === true) {
      await watchRun(context, send, runId, { isJson, wanted: 'cancelled' });
    }
  });
};
