import type { ComponentChildren } from 'preact';
import type { CostsView } from '../../api/schemas/costs';
import { workloadAddress } from '../data/addresses';
import { costText, moneyText, nodeMinutesText, numberText } from '../format/numbers';

type Spend = Pick<CostsView['total'], 'runs' | 'nodeMinutes' | 'cost'>;
type Row = Pick<CostsView['total'], keyof Spend | 'wasted' | 'budget'> & {
  readonly previousMonth: Spend | null;
};

/** A month by workload, with what failed, the month before and the budget. */
export function CostTable({ costs: { groups, total, currency } }: { readonly costs: CostsView }) {
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Workload</th>
          {[
            'Runs',
            'Node-minutes',
            'Cost',
            'Of that not successful',
            'Month before',
            'Budget left',
          ].map((title) => (
            <th key={title} scope="col" class="number">
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {groups.map((group) => (
          <CostRow key={group.workload} row={group} currency={currency}>
            <a data-row href={workloadAddress(group.workload ?? '')}>
              {group.workload}
            </a>
          </CostRow>
        ))}
        <CostRow row={total} currency={currency}>
          All
        </CostRow>
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly row: Row;
  readonly currency: string;
  readonly children: ComponentChildren;
}

function CostRow({ row, currency, children }: RowProps) {
  const sum = (spend: Spend | null) =>
    spend === null || spend.runs === 0 ? '–' : costText(spend.cost, spend.nodeMinutes, currency);
  const { budget } = row;
  return (
    <tr>
      <th scope="row">{children}</th>
      <td data-label="Runs" class="number">
        {numberText(row.runs)}
      </td>
      <td data-label="Node-minutes" class="number">
        {nodeMinutesText(row.nodeMinutes)}
      </td>
      <td data-label="Cost" class="number">
        {row.cost === null ? 'no price set' : moneyText(row.cost, currency)}
      </td>
      <td data-label="Not successful" class="number">
        {sum(row.wasted)}
      </td>
      <td data-label="Month before" class="number">
        {sum(row.previousMonth)}
      </td>
      <td data-label="Budget left" class="number">
        {budget === null
          ? '–'
          : `${moneyText(budget.left, currency)} of ${moneyText(budget.perMonth, currency)}`}
      </td>
    </tr>
  );
}
