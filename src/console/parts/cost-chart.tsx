import { useEffect, useRef } from 'preact/hooks';
import type { CostsView } from '../../api/schemas/costs';
import { moneyText, numberText } from '../format/numbers';
import { useWidth } from './use-width';

const HEIGHT = 180;

/** Money by day where prices are set, else node-minutes. The chart is loaded with its first use. */
export function CostChart({ costs }: { readonly costs: CostsView }) {
  const [box, width] = useWidth<HTMLDivElement>();
  const place = useRef<HTMLDivElement>(null);
  const { days, sums } = sumsByDay(costs);
  const isMoney = costs.total.cost !== null;
  const shown = JSON.stringify([days, sums, width]);
  useEffect(() => {
    const { current } = place;
    if (current === null || width === 0 || days.length === 0) return;
    let destroy = () => {};
    let isGone = false;
    void import('./draw-chart').then(({ drawChart }) => {
      if (!isGone) destroy = drawChart(current, { width, height: HEIGHT, days, sums });
    });
    return () => {
      isGone = true;
      destroy();
    };
  }, [shown]);
  if (days.length === 0) return <p class="quiet">Nothing has run in this month.</p>;
  const most = Math.max(...sums);
  const text = isMoney ? moneyText(most, costs.currency) : `${numberText(most)} node-minutes`;
  return (
    <div ref={box}>
      <div
        ref={place}
        class="chart"
        role="img"
        aria-label={`${isMoney ? 'Cost' : 'Node-minutes'} by day; at most ${text} on a day.`}
      />
    </div>
  );
}

function sumsByDay({ groups, total, month }: CostsView) {
  const byDay = new Map<string, number>();
  for (const { day, cost, nodeMinutes } of groups.flatMap((group) => group.days)) {
    const value = total.cost === null ? nodeMinutes : (cost ?? 0);
    byDay.set(day, (byDay.get(day) ?? 0) + value);
  }
  if (byDay.size === 0) return { days: [], sums: [] };
  const days = daysIn(month);
  return { days, sums: days.map((day) => byDay.get(day) ?? 0) };
}

/** All days of a month of UTC. */
function daysIn(month: string): readonly string[] {
  const [year = 0, number = 1] = month.split('-').map(Number);
  const length = new Date(Date.UTC(year, number, 0)).getUTCDate();
  return Array.from({ length }, (_, index) => `${month}-${String(index + 1).padStart(2, '0')}`);
}
