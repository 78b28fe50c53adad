import type { RunView } from '../../api/schemas/run';
import { workloadAddress } from '../data/addresses';
import { costText, nodeMinutesText } from '../format/numbers';
import { phaseText } from '../format/statuses';
import { Elapsed } from './elapsed';
import { ProgressLine } from './progress-line';
import { RunActions } from './run-actions';
import { StatusMark } from './status-mark';
import { Time } from './time';

interface Props {
  readonly run: RunView;
  readonly currency: string;
  readonly refresh: () => void;
}

/** The name and state of a run, its cause, and the actions on it. */
export function RunHeader({ run, currency, refresh }: Props) {
  const { runId, workload, status, phase, waitingFor, cause, tasks } = run;
  const ended = tasks === null ? 0 : tasks.succeeded + tasks.failed;
  const total = tasks === null ? null : ended + tasks.active + tasks.running;
  return (
    <header class="run-header">
      <p class="quiet">
        <a href={workloadAddress(workload)}>{workload}</a>
      </p>
      <div class="title-line">
        <h1>{runId}</h1>
        <StatusMark status={status} />
      </div>
      <p class="facts">
        {run.startedAt !== null && (
          <span>
            started <Time at={run.startedAt} />, <Elapsed from={run.startedAt} to={run.endedAt} />
          </span>
        )}
        {run.endedAt === null && <span>{phaseText(phase)}</span>}
        <span title={nodeMinutesText(run.nodeMinutes)}>
          {costText(run.cost, run.nodeMinutes, currency)}
        </span>
        {run.endedAt === null && <ProgressLine done={ended} total={total} />}
      </p>
      {waitingFor !== null && <p class="sentence">Waits for {waitingFor}.</p>}
      {cause !== null && (
        <div class="note note-bad cause">
          <p class="cause-text">{cause.message}</p>
          <p class="quiet">
            <code>{cause.code}</code>
          </p>
        </div>
      )}
      <RunActions run={run} refresh={refresh} />
    </header>
  );
}
