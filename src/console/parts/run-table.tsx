import type { RunSummary } from '../../api/schemas/run';
import { runAddress, workloadAddress } from '../data/addresses';
import { costText } from '../format/numbers';
import { Elapsed } from './elapsed';
import { StatusMark } from './status-mark';
import { Time } from './time';

interface Props {
  readonly runs: readonly RunSummary[];
  readonly currency: string;
}

/** Runs as rows. */
export function RunTable({ runs, currency }: Props) {
  if (runs.length === 0) return <NoRuns />;
  return (
    <table class="rows runs">
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">State</th>
          <th scope="col">Workload</th>
          <th scope="col">Created</th>
          <th scope="col" class="number">
            Duration
          </th>
          <th scope="col" class="number">
            Cost
          </th>
          <th scope="col">Cause, or what it waits for</th>
        </tr>
      </thead>
      <tbody>
        {runs.map((run) => (
          <RunRow key={run.runId} run={run} currency={currency} />
        ))}
      </tbody>
    </table>
  );
}

function RunRow({ run, currency }: { readonly run: RunSummary; readonly currency: string }) {
  const { runId, status, workload, createdAt, startedAt, endedAt, attempt } = run;
  return (
    <tr>
      <th scope="row">
        <a data-row href={runAddress(runId)}>
          {runId}
        </a>
        {attempt > 0 && <span class="quiet"> attempt {attempt + 1}</span>}
      </th>
      <td data-label="State">
        <StatusMark status={status} />
      </td>
      <td data-label="Workload">
        <a href={workloadAddress(workload)}>{workload}</a>
      </td>
      <td data-label="Created">
        <Time at={createdAt} />
      </td>
      <td data-label="Duration" class="number">
        {startedAt === null ? '–' : <Elapsed from={startedAt} to={endedAt} />}
      </td>
      <td data-label="Cost" class="number">
        {costText(run.cost, run.nodeMinutes, currency)}
      </td>
      <td class="sentence">{run.cause?.message ?? run.waitingFor ?? ''}</td>
    </tr>
  );
}

function NoRuns() {
  return (
    <div class="empty">
      <h2>No run fits</h2>
      <p>Take a filter away, or start a run from the page of a workload, or with:</p>
      <pre>curl -X POST {location.origin}/api/runs/&lt;workload&gt; -H "x-functions-key: …"</pre>
    </div>
  );
}
