import { useRoute } from 'preact-iso/router';
import type { WorkloadDetail } from '../../api/schemas/overview';
import { runsAddress } from '../data/addresses';
import { useQuery } from '../data/use-query';
import { ActiveNow } from '../parts/active-now';
import { DueTime } from '../parts/due-time';
import { FailureNote } from '../parts/failure-note';
import { MonthlyCosts } from '../parts/monthly-costs';
import { OccurrenceGrid } from '../parts/occurrence-grid';
import { PauseActions } from '../parts/pause-actions';
import { RunBars } from '../parts/run-bars';
import { Section } from '../parts/section';
import { Skeleton } from '../parts/skeleton';
import { StartForm } from '../parts/start-form';
import { WorkloadFacts } from '../parts/workload-facts';
import { useTitle } from './use-title';

/** One workload: what it did, what it will do, and a form that starts it. */
export function WorkloadPage() {
  const name = useRoute().params['workload'] ?? '';
  useTitle(name);
  const path = `/api/workloads/${encodeURIComponent(name)}`;
  const query = useQuery<WorkloadDetail>(path, isBusy);
  const workload = query.data.value;
  return (
    <div class="page">
      <FailureNote error={query.error.value} hasData={workload !== null} />
      {workload !== null && (
        <WorkloadParts key={name} workload={workload} refresh={query.refresh} />
      )}
      {workload === null && query.error.value === null && <Skeleton rows={8} />}
    </div>
  );
}

function isBusy({ active }: WorkloadDetail): boolean {
  return active.length > 0;
}

interface Props {
  readonly workload: WorkloadDetail;
  readonly refresh: () => void;
}

function WorkloadParts({ workload, refresh }: Props) {
  const { name, description, currency, lastRuns, active } = workload;
  return (
    <>
      <header class="run-header">
        <div class="title-line">
          <h1>{name}</h1>
          {workload.pause !== null && <span class="paused">⏸ paused</span>}
        </div>
        <p>{description}</p>
        <RunBars runs={lastRuns} />
        <p>
          <a href={runsAddress({ workload: name })}>All runs of {name}</a>
        </p>
      </header>
      <div class="columns">
        <Section title="Now">
          <ActiveNow active={active} />
        </Section>
        <Section title="Schedule">
          <Schedule workload={workload} />
          <PauseActions workload={workload} refresh={refresh} />
        </Section>
      </div>
      <OccurrenceGrid workload={workload} />
      <StartForm workload={workload} />
      <div class="columns">
        <Section title="Costs by month">
          <MonthlyCosts workload={name} currency={currency} />
        </Section>
        <WorkloadFacts workload={workload} />
      </div>
    </>
  );
}

function Schedule({
  workload: { nextDue, schedules, blobContainer, after },
}: Pick<Props, 'workload'>) {
  return (
    <>
      {schedules.map(({ cron, timeZone }) => (
        <p key={`${cron} ${timeZone}`}>
          <code>{cron}</code> in {timeZone}
        </p>
      ))}
      {blobContainer !== null && <p>A file in {blobContainer} starts a run.</p>}
      {after !== null && <p>Runs after {after.workloads.join(', ')}.</p>}
      {schedules.length + Number(blobContainer !== null) + Number(after !== null) === 0 && (
        <p class="quiet">Runs on request only.</p>
      )}
      <ol class="due-list">
        {nextDue.map((due) => (
          <li key={due.at}>
            <DueTime due={due} />
          </li>
        ))}
      </ol>
    </>
  );
}
