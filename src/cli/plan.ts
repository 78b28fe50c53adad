import { planRun } from '../client/plans';
import { exitCodes } from './exit-codes';
import { addRunOptions, runBodyFrom, type RunOptions } from './parameters';
import { planLines } from './plan-text';
import { EndWith, type AddCommand } from './program';
import { addAppOptions, addJsonOption, sendFrom, type AppOptions } from './target';
import { jsonLine, printable } from './text';

interface Options extends AppOptions, RunOptions {
  readonly json?: true;
}

/** `nightshift plan <workload>` fails when the plan has errors. */
export const addPlan: AddCommand = (program, context) => {
  const command = program
    .command('plan')
    .description('Show what a run would create, need and cost, without starting it.')
    .argument('<workload>');
  addAppOptions(addJsonOption(addRunOptions(command))).action(
    async (workload: string, options: Options) => {
      const send = sendFrom(context, options);
      const plan = await planRun(
        send,
        workload,
        await runBodyFrom(context, send, workload, options),
      );
      context.write(
        options.json === true ? jsonLine(plan) : `${planLines(plan).map(printable).join('\n')}\n`,
      );
      if (plan.errors.length > 0) throw new EndWith(exitCodes.error);
    },
  );
};
