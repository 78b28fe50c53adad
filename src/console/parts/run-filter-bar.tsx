import type { Filters } from '../data/addresses';
import { STATUSES } from '../format/statuses';
import { StatusChips } from './status-chips';

interface Props {
  readonly workloads: readonly string[];
  readonly filters: Filters;
  readonly change: (changed: Filters) => void;
}

/** Filters of runs by workload, status and day. */
export function RunFilterBar({ workloads, filters, change }: Props) {
  const chosen = new Set((filters['status'] ?? '').split(',').filter((one) => one !== ''));
  const toggle = (status: string) => {
    if (!chosen.delete(status)) chosen.add(status);
    change({ status: [...chosen].join(',') });
  };
  return (
    <div class="filters" role="group" aria-label="Filter runs">
      <label>
        Workload{' '}
        <select
          value={filters['workload'] ?? ''}
          onChange={(event) => change({ workload: event.currentTarget.value })}
        >
          <option value="">all</option>
          {workloads.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {(['since', 'until'] as const).map((name) => (
        <label key={name}>
          {name === 'since' ? 'From' : 'To'}{' '}
          <input
            type="date"
            value={filters[name] ?? ''}
            onChange={(event) => change({ [name]: event.currentTarget.value })}
          />
        </label>
      ))}
      <StatusChips statuses={STATUSES} isChosen={(one) => chosen.has(one)} toggle={toggle} />
    </div>
  );
}
