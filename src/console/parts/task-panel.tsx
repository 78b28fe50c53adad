import { useEffect, useRef, useState } from 'preact/hooks';
import type { TaskView } from '../../client/tasks';
import { runPath } from '../data/addresses';
import { Elapsed } from './elapsed';
import { LogView } from './log-view';
import { StatusMark } from './status-mark';
import { Time } from './time';

interface Props {
  readonly runId: string;
  readonly task: TaskView;
  readonly close: () => void;
}

const LOGS = ['stdout', 'stderr'] as const;

/** One task: cause, times, node, input, and its logs while they are written. */
export function TaskPanel({ runId, task, close }: Props) {
  const { id, state, cause, node, startedAt, endedAt, exitCode, retries, requeues, input } = task;
  const [log, setLog] = useState<(typeof LOGS)[number]>(state === 'failed' ? 'stderr' : 'stdout');
  const panel = useRef<HTMLElement>(null);
  useEffect(() => panel.current?.focus({ preventScroll: false }), [id]);
  const path = `${runPath(runId)}/tasks/${encodeURIComponent(id)}/logs/${log}`;
  return (
    <section ref={panel} class="task-panel" aria-label={`Task ${id}`} tabIndex={-1}>
      <div class="section-head">
        <h3>{id}</h3>
        <StatusMark status={state} />
        <button type="button" class="ghost" onClick={close}>
          Close
        </button>
      </div>
      {cause !== null && <p class="bad">{cause}</p>}
      <p class="facts">
        {node !== null && <span class="mono">{node}</span>}
        {startedAt !== null && (
          <span>
            started <Time at={startedAt} />, <Elapsed from={startedAt} to={endedAt} />
          </span>
        )}
        {exitCode !== null && <span>exit code {exitCode}</span>}
        {retries > 0 && <span>{retries} retries after failures</span>}
        {requeues > 0 && <span>{requeues} restarts after lost nodes</span>}
        {input !== null && <span class="name">input {input}</span>}
      </p>
      <div class="tabs" role="group" aria-label="Log">
        {LOGS.map((name) => (
          <button key={name} type="button" aria-pressed={log === name} onClick={() => setLog(name)}>
            {name}
          </button>
        ))}
      </div>
      <LogView key={path} path={path} label={`${log} of ${id}`} />
    </section>
  );
}
