import type { ActiveRunView } from '../../api/schemas/overview';
import { runAddress } from '../data/addresses';
import { phaseText } from '../format/statuses';
import { counted } from '../format/numbers';
import { Elapsed } from './elapsed';
import { ProgressLine } from './progress-line';
import { StatusMark } from './status-mark';

interface Props {
  readonly active: readonly ActiveRunView[];
}

const SHOWN = 3;

/** The active runs of a workload: phase, one sentence, progress. */
export function ActiveNow({ active }: Props) {
  if (active.length === 0) return <span class="quiet">–</span>;
  return (
    <ul class="active">
      {active.slice(0, SHOWN).map((run) => (
        <li key={run.runId}>
          <a href={runAddress(run.runId)}>
            <StatusMark status={run.status} isShort /> {phaseText(run.phase)}
          </a>
          {run.startedAt !== null && <Elapsed from={run.startedAt} to={null} />}
          {run.nodes > 0 && <span class="number">{counted(run.nodes, 'node')}</span>}
          <ProgressLine {...run.progress} />
          <span class="quiet sentence">{run.sentence}</span>
        </li>
      ))}
      {active.length > SHOWN && <li class="quiet">and {active.length - SHOWN} more</li>}
    </ul>
  );
}
