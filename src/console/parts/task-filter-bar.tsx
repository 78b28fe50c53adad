import type { TaskView } from '../../client/tasks';
import type { Filters } from '../data/addresses';
import { StatusChips } from './status-chips';

interface Props {
  readonly tasks: readonly TaskView[];
  readonly filters: Filters;
  readonly change: (changed: Filters) => void;
}

const STATES = ['failed', 'running', 'waiting', 'succeeded'] as const;

/** Filters of tasks by state, node and name. */
export function TaskFilterBar({ tasks, filters, change }: Props) {
  const counts = new Map<string, number>();
  for (const { state } of tasks) counts.set(state, (counts.get(state) ?? 0) + 1);
  const nodes = [...new Set(tasks.flatMap(({ node }) => (node === null ? [] : [node])))].sort();
  return (
    <div class="filters" role="group" aria-label="Filter tasks">
      <StatusChips
        statuses={STATES.filter((state) => counts.has(state))}
        isChosen={(state) => filters['state'] === state}
        toggle={(state) => change({ state: filters['state'] === state ? undefined : state })}
        counts={counts}
      />
      <label>
        Node{' '}
        <select
          value={filters['node'] ?? ''}
          onChange={(event) => change({ node: event.currentTarget.value })}
        >
          <option value="">all</option>
          {nodes.map((node) => (
            <option key={node} value={node}>
              {node}
            </option>
          ))}
        </select>
      </label>
      <label>
        Name{' '}
        <input
          type="search"
          value={filters['name'] ?? ''}
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
      </label>
    </div>
  );
}
