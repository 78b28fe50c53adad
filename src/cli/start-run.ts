import { startRun } from '../client/runs';
import { addRunOptions, runBodyFrom, type RunOptions } from './parameters';
import type { AddCommand } from './program';
import { addAppOptions, addJsonOption, connectionFrom, type AppOptions } from './target';
import { jsonLine, printable } from './text';
import { watchRun } from './watch';

interface Options extends AppOptions, RunOptions {
  readonly idempotencyKey?: string;
  readonly watch?: true;
  readonly json?: true;
}

/** `nightshift start-run <workload>` */
export const addStartRun: AddCommand = (program, context) => {
  const command = program
    .command('start-run')
    .description('Start a run of a workload.')
    .argument('<workload>');
  addRunOptions(command)
    .option('--idempotency-key <key>', 'a repeated start with the same key is one run')
    .option('--watch', 'show the progress until its end, and exit as watch does');
  addAppOptions(addJsonOption(command)).action(async (workload: string, options: Options) => {
    const { send } = connectionFrom(context, options);
    const body = await runBodyFrom(context, send, workload, options);
    const started = await startRun(send, workload, body, options.idempotencyKey ?? null);
    const verb = started.isNew ? 'has started' : 'is there already, by an earlier request';
    const note = started.note === undefined ? '' : ` ${started.note}.`;
    context.write(
      options.json === true
        ? jsonLine(started)
        : `${printable(`Run ${started.runId} ${verb}.${note}`)}\n`,
    );
    if (options.watch === true) {
      await watchRun(context, send, started.runId, { isJson: options.json === true });
    }
  });
};
