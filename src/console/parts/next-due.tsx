import type { OverviewWorkload } from '../../api/schemas/overview';
import { DueTime } from './due-time';
import { Time } from './time';

interface Props {
  readonly workload: Pick<OverviewWorkload, 'nextDue' | 'pause' | 'triggers'>;
}

/** The next due time in both zones, what else starts the workload, or its pause. */
export function NextDue({ workload: { nextDue, pause, triggers } }: Props) {
  if (pause !== null) {
    return (
      <span class="paused">
        ⏸ paused {pause.until !== null && <Time at={pause.until} />}
        <span class="quiet sentence">{pause.reason}</span>
      </span>
    );
  }
  const { blobContainer, after } = triggers;
  return (
    <>
      {nextDue !== null && <DueTime due={nextDue} />}
      {blobContainer !== null && <span class="quiet">when a file arrives in {blobContainer}</span>}
      {after !== null && <span class="quiet">after {after.workloads.join(', ')}</span>}
      {nextDue === null && blobContainer === null && after === null && (
        <span class="quiet">on request</span>
      )}
    </>
  );
}
