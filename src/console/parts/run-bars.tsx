import type { PastRunView } from '../../api/schemas/overview';
import { runAddress } from '../data/addresses';
import { lookOf } from '../format/statuses';
import { durationText, instantText } from '../format/times';

interface Props {
  /** Newest first. */
  readonly runs: readonly PastRunView[];
}

const SHOWN = 30;
/** Percent of the height that the shortest run has, so that every run can be seen. */
const LEAST = 22;

/** The last runs of a workload as bars, the newest on the right; the height is the duration. */
export function RunBars({ runs }: Props) {
  const shown = runs.slice(0, SHOWN).toReversed();
  if (shown.length === 0) return <span class="quiet">has not run yet</span>;
  const longest = Math.max(...shown.map(({ minutes }) => minutes ?? 0), 1 / 60);
  return (
    <div class="bars" role="group" aria-label={summaryOf(shown)}>
      {shown.map((run) => (
        <Bar key={run.runId} run={run} share={(run.minutes ?? 0) / longest} />
      ))}
    </div>
  );
}

function Bar({ run, share }: { readonly run: PastRunView; readonly share: number }) {
  const { runId, status, attempt } = run;
  const label = labelOf(run);
  return (
    <a
      href={runAddress(runId)}
      class={`bar status-${status}${attempt > 0 ? ' retried' : ''}`}
      tabIndex={-1}
      aria-label={label}
      title={label}
    >
      <span style={{ height: `${LEAST + share * (100 - LEAST)}%` }}>
        {status === 'failed' || status === 'timedOut' ? lookOf(status).shape : ''}
      </span>
    </a>
  );
}

function labelOf({ status, startedAt, minutes, attempt }: PastRunView): string {
  const when = startedAt === null ? 'not started' : instantText(Date.parse(startedAt));
  const length = minutes === null ? '' : `, ${durationText(minutes * 60_000)}`;
  return `${lookOf(status).word}, ${when}${length}${attempt > 0 ? `, attempt ${attempt + 1}` : ''}`;
}

function summaryOf(runs: readonly PastRunView[]): string {
  const counts = new Map<string, number>();
  for (const { status } of runs) counts.set(status, (counts.get(status) ?? 0) + 1);
  const texts = [...counts].map(([status, count]) => `${count} ${lookOf(status).word}`);
  return `Last ${runs.length} runs: ${texts.join(', ')}`;
}
