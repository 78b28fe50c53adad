import { Option } from 'commander';
import {
  showCosts,
  type Budget,
  type CostGroup,
  type CostsView,
  type Spend,
} from '../client/costs';
import { columnsOf, WrongCall, type AddCommand } from './program';
import { tableText, type Column } from './table';
import { addAppOptions, addJsonOption, sendFrom, type AppOptions } from './target';
import { jsonLine, printable, wrapped } from './text';

interface Options extends AppOptions {
  readonly month?: string;
  readonly by: 'workload' | 'day';
  readonly json?: true;
}

/** `nightshift costs` */
export const addCosts: AddCommand = (program, context) => {
  const command = program
    .command('costs')
    .description('Show node-minutes and money of a month, by workload or by day.')
    .option('--month <month>', 'a month of UTC, such as 2026-11 (the current one)')
    .addOption(
      new Option('--by <group>', 'rows of the table')
        .choices(['workload', 'day'])
        .default('workload'),
    );
  addAppOptions(addJsonOption(command)).action(async (options: Options) => {
    const { month, by } = options;
    if (month !== undefined && !/^\d{4}-(0[1-9]|1[0-2])$/.test(month)) {
      throw new WrongCall(`--month must be a month such as 2026-11, not ${JSON.stringify(month)}`);
    }
    const query = { by, ...(month !== undefined && { month }) };
    const costs = await showCosts(sendFrom(context, options), query);
    context.write(options.json === true ? jsonLine(costs) : costsText(costs, columnsOf(context)));
  });
};

/** A row of the table: a group, or the sum of all. */
interface Row {
  readonly name: string;
  readonly spend: Spend & Pick<CostGroup, 'wasted' | 'retries' | 'preemptions'>;
  readonly previous: Spend | null;
  readonly budget: Budget | null;
}

function costsText(costs: CostsView, columns: number): string {
  const { month, currency, groups, total } = costs;
  if (groups.length === 0) return `${printable(`No run has ended in ${month}.`)}\n`;
  const rows: readonly Row[] = [
    ...groups.map((group) => ({
      name: group.workload ?? group.day ?? '',
      spend: group,
      previous: group.previousMonth,
      budget: group.budget,
    })),
    { name: 'all', spend: total, previous: total.previousMonth, budget: total.budget },
  ];
  const notes = [
    `${month} in UTC, costs in ${currency}. Active runs are not in it.`,
    ...notesOn(costs),
  ];
  const lines = notes.flatMap((note) => wrapped(printable(note), columns));
  return `${tableText(columnsBy(costs.by), rows, columns)}${lines.join('\n')}\n`;
}

function columnsBy(by: CostsView['by']): readonly Column<Row>[] {
  return [
    { head: by === 'workload' ? 'WORKLOAD' : 'DAY', cell: ({ name }) => name },
    { head: 'RUNS', cell: ({ spend }) => String(spend.runs), isRight: true },
    { head: 'NODE-MIN', cell: ({ spend }) => amount(spend.nodeMinutes), isRight: true },
    { head: 'COST', cell: ({ spend }) => money(spend), isRight: true },
    { head: 'WASTED', cell: ({ spend }) => money(spend.wasted), isRight: true, leaveOut: 3 },
    { head: 'RETRIES', cell: ({ spend }) => money(spend.retries), isRight: true, leaveOut: 2 },
    {
      head: 'PREEMPTED',
      cell: ({ spend }) => String(spend.preemptions),
      isRight: true,
      leaveOut: 1,
    },
    {
      head: 'LAST MONTH',
      cell: ({ previous }) => (previous === null ? '' : money(previous)),
      isRight: true,
      leaveOut: 4,
    },
    { head: 'BUDGET', cell: ({ budget }) => budgetText(budget), isRight: true, leaveOut: 5 },
  ];
}

function amount(value: number): string {
  return value.toFixed(1);
}

/** Money, or node-minutes where nothing has a price. `+` marks a sum without a part that has none. */
function money({ cost, pricing, nodeMinutes }: Spend): string {
  if (cost === null) return nodeMinutes === 0 ? '0.00' : '?';
  return `${cost.toFixed(2)}${pricing === 'partly' ? '+' : ''}`;
}

function budgetText(budget: Budget | null): string {
  return budget === null ? '' : budget.perMonth.toFixed(2);
}

function notesOn({ total, groups }: CostsView): readonly string[] {
  const unpriced =
    total.unpricedMinutes === 0
      ? []
      : [`${amount(total.unpricedMinutes)} node-minutes have no price, and are in no cost.`];
  const budgets = [
    ...groups.map(({ workload, budget }) => [workload ?? '', budget] as const),
    ['all', total.budget] as const,
  ].flatMap(([name, budget]) => (budget === null ? [] : [budgetNote(name, budget)]));
  return [...unpriced, ...budgets];
}

function budgetNote(name: string, { left, perMonth, reserved, isBinding }: Budget): string {
  if (!isBinding) return `The budget of ${name} refuses nothing, since its nodes have no price.`;
  const active = reserved === 0 ? '' : `, ${reserved.toFixed(2)} reserved by active runs`;
  return `${left.toFixed(2)} of ${perMonth.toFixed(2)} left in the budget of ${name}${active}.`;
}
