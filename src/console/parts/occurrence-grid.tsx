import { useState } from 'preact/hooks';
import type { WorkloadDetail } from '../../api/schemas/overview';
import { appNow } from '../data/clock';
import { daysOf, type Day } from '../data/days';
import { hoursBefore, useOccurrences } from '../data/use-occurrences';
import { lookOf, STATUSES } from '../format/statuses';
import { viewerZone } from '../format/times';
import { BackfillPanel } from './backfill-panel';
import { DayColumn } from './day-column';
import { Section } from './section';
import { Skeleton } from './skeleton';

const DAYS = 28;

/** Days as columns with their occurrences; a range of days can be selected and run again. */
export function OccurrenceGrid({ workload }: { readonly workload: WorkloadDetail }) {
  const { name, schedules, lastRuns, active } = workload;
  const now = Math.floor(appNow.value / HOUR_MS) * HOUR_MS;
  const version = JSON.stringify([lastRuns[0]?.runId, active.map(({ runId }) => runId)]);
  const runs = useOccurrences(name, hoursBefore((DAYS + 1) * 24, now), version);
  const [range, select] = useState<readonly string[]>([]);
  const isScheduled = schedules.length > 0;
  const timeZone = schedules[0]?.timeZone ?? viewerZone();
  if (runs === null) return <Skeleton rows={5} />;
  const days = daysOf(runs, now, DAYS, timeZone);
  const [from = '', to = from] = range;
  return (
    <Section title="Occurrences" aside={<span class="quiet">days of {timeZone}</span>}>
      <DayStrip days={days} range={range} select={isScheduled ? select : null} />
      <Legend days={days} />
      {isScheduled && from === '' && (
        <p class="quiet">
          Select a day, then another one, to run the due times between them (backfill).
        </p>
      )}
      {from !== '' && (
        <BackfillPanel workload={workload} from={from} to={to} close={() => select([])} />
      )}
    </Section>
  );
}

interface StripProps {
  readonly days: readonly Day[];
  /** The first and the last selected day; empty for none. */
  readonly range: readonly string[];
  /** Null for a workload without due times. */
  readonly select: ((range: readonly string[]) => void) | null;
}

function DayStrip({ days, range, select }: StripProps) {
  const [from = '', to = from] = range;
  return (
    <div
      ref={scrollToEnd}
      class="scroll"
      role="region"
      aria-label="Occurrences by day"
      tabIndex={0}
    >
      <div class="days">
        {days.map((day) => (
          <DayColumn
            key={day.day}
            day={day}
            isSelected={from !== '' && day.day >= from && day.day <= to}
            select={
              select === null ? null : (isExtended) => select(rangeWith(range, day.day, isExtended))
            }
          />
        ))}
      </div>
    </div>
  );
}

/** On a narrow screen the newest days are seen first. */
function scrollToEnd(element: HTMLElement | null): void {
  element?.scrollTo({ left: element.scrollWidth });
}

const HOUR_MS = 60 * 60_000;

/** The first day that is selected starts a range, the second one completes it. */
function rangeWith(range: readonly string[], day: string, isExtended: boolean): readonly string[] {
  const [first] = range;
  if (first === undefined || (range.length === 2 && !isExtended)) return [day];
  if (first === day && range.length === 1) return [day, day];
  return [first, day].toSorted();
}

function Legend({ days }: { readonly days: readonly Day[] }) {
  const present = new Set(days.flatMap(({ runs }) => runs.map(({ status }) => status)));
  return (
    <ul class="legend">
      {STATUSES.filter((status) => present.has(status)).map((status) => (
        <li key={status}>
          <span class={`cell status-${status}`} aria-hidden="true">
            {lookOf(status).shape}
          </span>
          {lookOf(status).word}
        </li>
      ))}
    </ul>
  );
}
