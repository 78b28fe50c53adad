import { planRun } from '../client/plans';
import { exitCodes } from './exit-codes';
import { addRunOptions, runBodyFrom, type RunOptions } from './parameters';
import { planLines } from './plan-text';
import { columnsOf, EndWith, type AddCommand } from './program';
import { addAppOptions, addJsonOption, sendFrom, type AppOptions } from './target';
import { jsonLine, printable, wrapped } from './text';

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
        options.json === true
          ? jsonLine(plan)
          : `${planLines(plan)
              .map(printable)
              .flatMap((line) => hung(line, columnsOf(context)))
              .join('\n')}\n`,
      );
      if (plan.errors.length > 0) throw new EndWith(exitCodes.error);
    },
  );
};

/** Columns of the names of a plan's lines. */
const NAME_COLUMNS = 12;

/** Breaks the text of a line beside its name. */
function hung(line: string, columns: number): readonly string[] {
  const indent = ' '.repeat(NAME_COLUMNS);
  const isFormula = line.startsWith(`${indent}| `);
  const name = line.slice(0, isFormula ? NAME_COLUMNS + 2 : NAME_COLUMNS);
  if (line.length <= columns || !name.endsWith(' ')) return [line];
  const next = isFormula ? `${name}  ` : indent;
  const [first = '', ...more] = wrapped(line.slice(name.length), columns - next.length);
  return [`${name}${first}`, ...more.map((text) => `${next}${text}`)];
}
