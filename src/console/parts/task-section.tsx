import type { RunView } from '../../api/schemas/run';
import { tasksFor } from '../data/task-order';
import { useFilters } from '../data/use-filters';
import type { Tasks } from '../data/use-tasks';
import { counted } from '../format/numbers';
import { isActive } from '../format/statuses';
import { FailureNote } from './failure-note';
import { Section } from './section';
import { TaskFilterBar } from './task-filter-bar';
import { TaskGrid } from './task-grid';
import { TaskPanel } from './task-panel';
import { TaskTable } from './task-table';

interface Props {
  readonly run: RunView;
  readonly tasks: Tasks;
}

/** All tasks of a run: as cells, as a table, and one of them in full. */
export function TaskSection({ run, tasks }: Props) {
  const [filters, change] = useFilters();
  const shown = tasksFor(tasks.tasks, {
    state: filters['state'],
    node: filters['node'],
    name: filters['name'],
  });
  const chosen = tasks.tasks.find(({ id }) => id === filters['task']);
  const choose = (id: string) => change({ task: id });
  return (
    <Section title="Tasks" aside={<span class="quiet">{summaryOf(tasks, shown.length)}</span>}>
      <FailureNote error={tasks.error} hasData={tasks.tasks.length > 0} />
      {tasks.tasks.length === 0 ? (
        <p class="quiet">{emptyText(run, tasks)}</p>
      ) : (
        <>
          <TaskFilterBar tasks={tasks.tasks} filters={filters} change={change} />
          <TaskGrid tasks={shown} chosen={chosen?.id ?? null} choose={choose} />
          {chosen !== undefined && (
            <TaskPanel runId={run.runId} task={chosen} close={() => change({ task: undefined })} />
          )}
          <TaskTable tasks={shown} choose={choose} />
        </>
      )}
    </Section>
  );
}

function summaryOf({ tasks, isComplete }: Tasks, shown: number): string {
  const of = shown === tasks.length ? '' : `${counted(shown, 'task')} of `;
  return tasks.length === 0
    ? ''
    : `${of}${counted(tasks.length, 'task')}${isComplete ? '' : ' so far'}`;
}

function emptyText({ status }: RunView, { isComplete, areKept }: Tasks): string {
  if (!isComplete) return 'Reading the tasks…';
  if (isActive(status)) return 'The run has no tasks yet.';
  return areKept ? 'The run had no tasks.' : 'The list of tasks was not kept.';
}
