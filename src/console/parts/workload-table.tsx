import type { OverviewWorkload } from '../../api/schemas/overview';
import { workloadAddress } from '../data/addresses';
import { ActiveNow } from './active-now';
import { MonthSpend } from './month-spend';
import { NextDue } from './next-due';
import { RunBars } from './run-bars';
import { Section } from './section';

interface Props {
  readonly workloads: readonly OverviewWorkload[];
  readonly currency: string;
}

/** Every workload as a row. */
export function WorkloadTable({ workloads, currency }: Props) {
  if (workloads.length === 0) return <NoWorkloads />;
  return (
    <Section title="Workloads">
      <table class="rows workloads">
        <thead>
          <tr>
            <th scope="col">Workload</th>
            <th scope="col">Last runs (height is duration)</th>
            <th scope="col">Now</th>
            <th scope="col">Next</th>
            <th scope="col" class="number">
              This month
            </th>
          </tr>
        </thead>
        <tbody>
          {workloads.map((workload) => (
            <WorkloadRow key={workload.name} workload={workload} currency={currency} />
          ))}
        </tbody>
      </table>
    </Section>
  );
}

function WorkloadRow({
  workload,
  currency,
}: {
  readonly workload: OverviewWorkload;
  readonly currency: string;
}) {
  const { name, description, lastRuns, active, month } = workload;
  return (
    <tr>
      <th scope="row">
        <a data-row href={workloadAddress(name)}>
          {name}
        </a>
        <span class="quiet description">{description}</span>
      </th>
      <td data-label="Last runs">
        <RunBars runs={lastRuns} />
      </td>
      <td data-label="Now">
        <ActiveNow active={active} />
      </td>
      <td data-label="Next">
        <NextDue workload={workload} />
      </td>
      <td data-label="This month" class="number">
        <MonthSpend month={month} currency={currency} />
      </td>
    </tr>
  );
}

function NoWorkloads() {
  return (
    <div class="empty">
      <h2>No workload yet</h2>
      <p>
        Declare one in <code>src/workloads/</code> and add it to the list in{' '}
        <code>src/main.ts</code>. It then appears here with its schedule, its runs and its costs.
      </p>
    </div>
  );
}
