import type { OverviewWorkload } from '../../api/schemas/overview';
import { costText, moneyText, nodeMinutesText } from '../format/numbers';

interface Props {
  readonly month: OverviewWorkload['month'];
  readonly currency: string;
}

/** Money of the month where a price is set, else node-minutes, and how much of a budget is used. */
export function MonthSpend({ month, currency }: Props) {
  const { cost, nodeMinutes, budget, pricing } = month;
  return (
    <span class="spend">
      <span title={nodeMinutesText(nodeMinutes)}>{costText(cost, nodeMinutes, currency)}</span>
      {pricing === 'partly' && <span class="quiet">and minutes without a price</span>}
      {budget !== null && budget.isBinding && (
        <span class="quiet">
          <meter
            min={0}
            max={budget.perMonth}
            high={budget.perMonth * 0.8}
            value={budget.spent + budget.reserved}
            aria-label="Share of the budget that is spent or reserved"
          />{' '}
          of {moneyText(budget.perMonth, currency)}
        </span>
      )}
    </span>
  );
}
