import { useState } from 'preact/hooks';
import type { TaskView } from '../../client/tasks';
import { Elapsed } from './elapsed';
import { StatusMark } from './status-mark';
import { Time } from './time';

interface Props {
  readonly tasks: readonly TaskView[];
  readonly choose: (id: string) => void;
}

const STEP = 50;

/** The same tasks as a table, some at a time. */
export function TaskTable({ tasks, choose }: Props) {
  const [shown, setShown] = useState(STEP);
  return (
    <>
      <div class="scroll" role="region" aria-label="Table of tasks" tabIndex={0}>
        <table class="rows tasks">
          <thead>
            <tr>
              <th scope="col">Task</th>
              <th scope="col">State</th>
              <th scope="col">Node</th>
              <th scope="col">Started</th>
              <th scope="col" class="number">
                Duration
              </th>
              <th scope="col" class="number">
                Exit
              </th>
              <th scope="col">Input</th>
            </tr>
          </thead>
          <tbody>
            {tasks.slice(0, shown).map((task) => (
              <TaskRow key={task.id} task={task} choose={choose} />
            ))}
          </tbody>
        </table>
      </div>
      {shown < tasks.length && (
        <button type="button" onClick={() => setShown(shown + STEP * 4)}>
          Show more of {tasks.length} tasks
        </button>
      )}
    </>
  );
}

function TaskRow({
  task: { id, state, node, startedAt, endedAt, exitCode, input },
  choose,
}: {
  readonly task: TaskView;
  readonly choose: (id: string) => void;
}) {
  return (
    <tr>
      <th scope="row">
        <button type="button" class="link" data-row onClick={() => choose(id)}>
          {id}
        </button>
      </th>
      <td>
        <StatusMark status={state} />
      </td>
      <td class="mono" title={node ?? ''}>
        {node ?? '–'}
      </td>
      <td>{startedAt === null ? '–' : <Time at={startedAt} />}</td>
      <td class="number">{startedAt === null ? '–' : <Elapsed from={startedAt} to={endedAt} />}</td>
      <td class="number">{exitCode ?? '–'}</td>
      <td class="name">{input ?? ''}</td>
    </tr>
  );
}
