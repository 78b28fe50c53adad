import type { CostsView } from '../../api/schemas/costs';
import { withQuery } from '../data/addresses';
import { appNow } from '../data/clock';
import { useQuery } from '../data/use-query';
import { costText, counted, nodeMinutesText } from '../format/numbers';
import { monthOf, monthText } from '../format/times';

interface Props {
  readonly workload: string;
  readonly currency: string;
}

const MONTHS = [0, 1, 2, 3, 4, 5] as const;

/** The costs of a workload in the last six months. */
export function MonthlyCosts({ workload, currency }: Props) {
  const current = monthOf(appNow.value);
  return (
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Month</th>
          <th scope="col" class="number">
            Runs
          </th>
          <th scope="col" class="number">
            Node-minutes
          </th>
          <th scope="col" class="number">
            Cost
          </th>
        </tr>
      </thead>
      <tbody>
        {MONTHS.map((back) => {
          const month = monthOf(Date.parse(`${current}-15T00:00:00Z`), back);
          return <MonthRow key={month} month={month} workload={workload} currency={currency} />;
        })}
      </tbody>
    </table>
  );
}

function MonthRow({ month, workload, currency }: Props & { readonly month: string }) {
  const costs = useQuery<CostsView>(withQuery('/api/costs', { by: 'workload', month })).data.value;
  const group = costs?.groups.find((one) => one.workload === workload);
  return (
    <tr>
      <th scope="row">{monthText(month)}</th>
      <td data-label="Runs" class="number">
        {group === undefined ? '–' : counted(group.runs, 'run')}
      </td>
      <td data-label="Node-minutes" class="number">
        {group === undefined ? '–' : nodeMinutesText(group.nodeMinutes)}
      </td>
      <td data-label="Cost" class="number">
        {group === undefined ? '–' : costText(group.cost, group.nodeMinutes, currency)}
      </td>
    </tr>
  );
}
