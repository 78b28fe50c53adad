import type { CostsView } from '../../api/schemas/costs';
import { withQuery } from '../data/addresses';
import { appNow } from '../data/clock';
import { useFilters } from '../data/use-filters';
import { useQuery } from '../data/use-query';
import { monthOf, monthText } from '../format/times';
import { CostChart } from '../parts/cost-chart';
import { CostTable } from '../parts/cost-table';
import { FailureNote } from '../parts/failure-note';
import { Section } from '../parts/section';
import { Skeleton } from '../parts/skeleton';
import { useTitle } from './use-title';

/** The costs of a month, by day and by workload. */
export function CostsPage() {
  useTitle('Costs');
  const [filters, change] = useFilters();
  const current = monthOf(appNow.value);
  const month = filters['month'] ?? current;
  const query = useQuery<CostsView>(withQuery('/api/costs', { by: 'workload', month }));
  const costs = query.data.value;
  const middle = Date.parse(`${month}-15T00:00:00Z`);
  const step = (back: number) => change({ month: monthOf(middle, back) });
  return (
    <div class="page">
      <div class="title-line">
        <h1>Costs</h1>
        <div class="buttons">
          <button type="button" onClick={() => step(1)}>
            Earlier
          </button>
          <span>{monthText(month)}</span>
          <button type="button" disabled={month >= current} onClick={() => step(-1)}>
            Later
          </button>
        </div>
      </div>
      <FailureNote error={query.error.value} hasData={costs !== null} />
      {costs === null && query.error.value === null && <Skeleton rows={6} />}
      {costs !== null && <CostParts costs={costs} />}
      <p class="quiet">
        Node-minutes by the prices that are declared, without storage, network and the app itself.
        Months are those of UTC; active runs are not in it yet.
      </p>
    </div>
  );
}

function CostParts({ costs }: { readonly costs: CostsView }) {
  return (
    <>
      <Section title="By day">
        <CostChart costs={costs} />
      </Section>
      <Section title="By workload">
        <CostTable costs={costs} />
      </Section>
    </>
  );
}
