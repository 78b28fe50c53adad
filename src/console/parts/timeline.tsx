import type { RunView } from '../../api/schemas/run';
import type { TaskView } from '../../client/tasks';
import { appNow } from '../data/clock';
import { segmentsOf, type Segment } from '../data/segments';
import { placeOf } from '../data/spans';
import { durationText, instantText } from '../format/times';
import { NodeLanes } from './node-lanes';

interface Props {
  readonly run: RunView;
  readonly tasks: readonly TaskView[];
}

/** Node lanes are drawn up to this number of tasks; the grid below shows more. */
const MAX_LANE_TASKS = 500;

/** The phases of a run as bars that grow to now, with the tasks of each node below them. */
export function Timeline({ run, tasks }: Props) {
  const now = run.endedAt === null ? appNow.value : Date.parse(run.endedAt);
  const starts = tasks.flatMap(({ startedAt }) =>
    startedAt === null ? [] : [Date.parse(startedAt)],
  );
  const firstTaskAt = starts.length === 0 ? null : Math.min(...starts.slice(0, 10_000));
  const segments = segmentsOf(run, firstTaskAt, now);
  const [first] = segments;
  const last = segments.at(-1);
  if (first === undefined || last === undefined) return <p class="quiet">Not started yet.</p>;
  const span = { from: first.from, to: last.to };
  return (
    <div class="timeline">
      <div class="timeline-bar">
        {segments.map((segment) => (
          <span
            key={segment.kind}
            class={`segment segment-${segment.kind}`}
            style={placeOf(segment, span)}
            title={titleOf(segment)}
          />
        ))}
      </div>
      {tasks.length <= MAX_LANE_TASKS && <NodeLanes tasks={tasks} span={span} now={now} />}
      <ol class="timeline-key">
        {segments.map((segment) => (
          <li key={segment.kind}>
            <span class={`swatch segment-${segment.kind}`} aria-hidden="true" />
            {segment.label}{' '}
            <span class="number quiet">{durationText(segment.to - segment.from)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function titleOf({ label, from, to }: Segment): string {
  return `${label}: ${instantText(from)}, ${durationText(to - from)}`;
}
