import type { RunSummary } from '../../api/schemas/run';
import { runAddress } from '../data/addresses';
import { instantOf, type Day } from '../data/days';
import { lookOf } from '../format/statuses';
import { dayText, instantText } from '../format/times';

interface Props {
  readonly day: Day;
  readonly isSelected: boolean;
  /** Null for a workload without due times. */
  readonly select: ((isExtended: boolean) => void) | null;
}

const MAX_CELLS = 24;

/** A day: its name, and a cell for each occurrence. */
export function DayColumn({ day: { day, runs }, isSelected, select }: Props) {
  const label = dayText(Date.parse(`${day}T12:00:00Z`), 'UTC');
  const short = String(Number(day.slice(8)));
  return (
    <div class={`day ${isSelected ? 'selected' : ''}`}>
      {select === null ? (
        <span class="day-name" title={label}>
          {short}
        </span>
      ) : (
        <button
          type="button"
          class="day-name"
          aria-label={label}
          aria-pressed={isSelected}
          title={label}
          onClick={(event) => select(event.shiftKey)}
        >
          {short}
        </button>
      )}
      {runs.slice(-MAX_CELLS).map((run) => (
        <OccurrenceCell key={run.runId} run={run} />
      ))}
      {runs.length > MAX_CELLS && <span class="quiet more">+{runs.length - MAX_CELLS}</span>}
    </div>
  );
}

function OccurrenceCell({ run }: { readonly run: RunSummary }) {
  const { runId, status, attempt } = run;
  const { word, shape } = lookOf(status);
  const retried = attempt > 0 ? `, attempt ${attempt + 1}` : '';
  const label = `${instantText(instantOf(run))}: ${word}${retried}`;
  return (
    <a
      href={runAddress(runId)}
      class={`cell status-${status}${attempt > 0 ? ' retried' : ''}`}
      aria-label={label}
      title={label}
    >
      {shape}
    </a>
  );
}
