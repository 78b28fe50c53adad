import { useRoute } from 'preact-iso/router';
import type { RunView } from '../../api/schemas/run';
import { runPath } from '../data/addresses';
import { useOverview } from '../data/overview';
import { useQuery } from '../data/use-query';
import { useTasks } from '../data/use-tasks';
import { isActive } from '../format/statuses';
import { FailureNote } from '../parts/failure-note';
import { NodeList } from '../parts/node-list';
import { OutputList } from '../parts/output-list';
import { RunCause } from '../parts/run-cause';
import { RunFacts } from '../parts/run-facts';
import { RunHeader } from '../parts/run-header';
import { Section } from '../parts/section';
import { Skeleton } from '../parts/skeleton';
import { TaskSection } from '../parts/task-section';
import { Timeline } from '../parts/timeline';
import { useTitle } from './use-title';

/** One run, from its cause to what was cleaned up. */
export function RunPage() {
  const id = useRoute().params['id'] ?? '';
  useTitle(id);
  const query = useQuery<RunView>(runPath(id), isRunActive);
  const run = query.data.value;
  return (
    <div class="page">
      <FailureNote error={query.error.value} hasData={run !== null} />
      {run !== null && <RunParts key={id} run={run} refresh={query.refresh} />}
      {run === null && query.error.value === null && <Skeleton rows={8} />}
    </div>
  );
}

function isRunActive({ status }: RunView): boolean {
  return isActive(status);
}

function RunParts({ run, refresh }: { readonly run: RunView; readonly refresh: () => void }) {
  const currency = useOverview().data.value?.currency ?? '';
  const tasks = useTasks(run.runId, JSON.stringify([run.status, run.tasks]));
  return (
    <>
      <RunHeader run={run} currency={currency} refresh={refresh} />
      <Section title="Timeline">
        <Timeline run={run} tasks={tasks.tasks} />
      </Section>
      <TaskSection run={run} tasks={tasks} />
      {isActive(run.status) && <NodeList runId={run.runId} />}
      <OutputList run={run} />
      <div class="columns">
        <RunCause run={run} />
        <RunFacts run={run} currency={currency} />
      </div>
    </>
  );
}
