import type { TaskView } from '../../client/tasks';
import { grouped } from '../data/grouped';
import { placeOf, type Span } from '../data/spans';
import { lookOf } from '../format/statuses';
import { durationText } from '../format/times';

interface Props {
  readonly tasks: readonly TaskView[];
  readonly span: Span;
  readonly now: number;
}

/** A lane for each node, with the tasks that ran on it. The table of tasks has the same for readers. */
export function NodeLanes({ tasks, span, now }: Props) {
  const lanes = grouped(
    tasks.filter(({ node, startedAt }) => node !== null && startedAt !== null),
    ({ node }) => node ?? '',
  );
  const nodes = [...lanes.keys()].sort((one, other) => one.localeCompare(other));
  return (
    <div class="lanes" aria-hidden="true">
      {nodes.map((node) => (
        <div key={node} class="lane" title={node}>
          {(lanes.get(node) ?? []).map((task) => (
            <span
              key={task.id}
              class={`lane-task status-${task.state}`}
              style={placeOf(spanOf(task, now), span)}
              title={titleOf(task, now)}
            />
          ))}
        </div>
      ))}
    </div>
  );
}

function spanOf({ startedAt, endedAt }: TaskView, now: number): Span {
  const from = startedAt === null ? now : Date.parse(startedAt);
  return { from, to: Math.max(from, endedAt === null ? now : Date.parse(endedAt)) };
}

function titleOf(task: TaskView, now: number): string {
  const { from, to } = spanOf(task, now);
  return `${task.id}: ${lookOf(task.state).word}, ${durationText(to - from)}`;
}
