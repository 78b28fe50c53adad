import { useOverview } from '../data/overview';
import { AttentionList } from '../parts/attention-list';
import { BillingPanel } from '../parts/billing-panel';
import { FailureNote } from '../parts/failure-note';
import { Skeleton } from '../parts/skeleton';
import { WorkloadTable } from '../parts/workload-table';
import { useTitle } from './use-title';

/** Now and next: what runs, what bills, what needs somebody, and what is due. */
export function HomePage() {
  useTitle('Now and next');
  const { data, error } = useOverview();
  const overview = data.value;
  return (
    <div class="page">
      <h1 class="visually-hidden">Now and next</h1>
      <FailureNote error={error.value} hasData={overview !== null} />
      {overview === null ? (
        <Skeleton rows={6} />
      ) : (
        <>
          <BillingPanel billing={overview.billing} currency={overview.currency} />
          <AttentionList attention={overview.attention} />
          <WorkloadTable workloads={overview.workloads} currency={overview.currency} />
        </>
      )}
    </div>
  );
}
