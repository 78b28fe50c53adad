import type { RunSummary } from '../../api/schemas/run';
import { withQuery, type Filters } from '../data/addresses';
import { useOverview } from '../data/overview';
import { useFilters } from '../data/use-filters';
import { useQuery } from '../data/use-query';
import { isActive } from '../format/statuses';
import { FailureNote } from '../parts/failure-note';
import { RunFilterBar } from '../parts/run-filter-bar';
import { RunTable } from '../parts/run-table';
import { Skeleton } from '../parts/skeleton';
import { useTitle } from './use-title';

interface Page {
  readonly runs: readonly RunSummary[];
  readonly next: string | null;
}

const PAGE = 50;

/** All occurrences, newest first; every filter is in the address. */
export function RunsPage() {
  useTitle('Runs');
  const [filters, change] = useFilters();
  const overview = useOverview().data.value;
  const query = useQuery<Page>(pathFor(filters), hasActive);
  const page = query.data.value;
  return (
    <div class="page">
      <h1>Runs</h1>
      <RunFilterBar
        workloads={overview?.workloads.map(({ name }) => name) ?? []}
        filters={filters}
        change={(changed) => change({ ...changed, after: undefined })}
      />
      <FailureNote error={query.error.value} hasData={page !== null} />
      {page === null ? (
        query.error.value === null && <Skeleton rows={10} />
      ) : (
        <RunTable runs={page.runs} currency={overview?.currency ?? ''} />
      )}
      <div class="buttons">
        {filters['after'] !== undefined && (
          <button type="button" onClick={() => change({ after: undefined })}>
            Newest
          </button>
        )}
        {page !== null && page.next !== null && (
          <button type="button" onClick={() => change({ after: page.next ?? undefined })}>
            Older runs
          </button>
        )}
      </div>
    </div>
  );
}

/** A day of the address is a day of the viewer. */
function pathFor({ workload, status, since, until, after }: Filters): string {
  return withQuery('/api/runs', {
    workload,
    status,
    since: startOf(since),
    until: startOf(until, 1),
    after,
    limit: String(PAGE),
  });
}

function startOf(day: string | undefined, daysLater = 0): string | undefined {
  const [year, month, date] = (day ?? '').split('-').map(Number);
  if (year === undefined || month === undefined || date === undefined) return undefined;
  return new Date(year, month - 1, date + daysLater).toISOString();
}

function hasActive({ runs }: Page): boolean {
  return runs.some(({ status }) => isActive(status));
}
