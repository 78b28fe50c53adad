import { useState } from 'preact/hooks';
import type { WorkloadDetail } from '../../api/schemas/overview';
import { pause, resume, type Pause } from '../../client/pauses';
import { send } from '../data/connection';
import { instantText } from '../format/times';
import { ActionButton } from './action-button';
import { Time } from './time';

interface Props {
  readonly workload: Pick<WorkloadDetail, 'name' | 'pause'>;
  readonly refresh: () => void;
}

/** Pauses a workload with a reason, or resumes it. */
export function PauseActions({ workload, refresh }: Props) {
  const { name, pause } = workload;
  if (pause === null) return <PauseButton name={name} refresh={refresh} />;
  const endPause = async () => {
    await resume(send, name);
    refresh();
    return 'Resumed.';
  };
  return (
    <div class="note stack">
      <PauseText pause={pause} />
      <ActionButton label="Resume" effect={RESUME} act={endPause} />
    </div>
  );
}

const RESUME = (
  <p>
    Due times and files start runs again. What became due meanwhile follows the catch-up policy of
    the workload.
  </p>
);

function PauseText({ pause: { since, by, reason, until } }: { readonly pause: Pause }) {
  return (
    <p>
      Paused <Time at={since} /> by {by}: {reason}.{' '}
      {until === null ? 'Until somebody resumes.' : `Until ${instantText(Date.parse(until))}.`}
    </p>
  );
}

function PauseButton({ name, refresh }: { readonly name: string; readonly refresh: () => void }) {
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState('');
  const begin = async () => {
    const end = until === '' ? {} : { until: new Date(until).toISOString() };
    await pause(send, name, { reason: reason.trim(), ...end });
    refresh();
    return 'Paused.';
  };
  const form = (
    <>
      <p>No due time, file or predecessor starts a run while it is paused. Active runs continue.</p>
      <label>
        Reason
        <input
          value={reason}
          maxLength={200}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <label>
        Until (empty: until somebody resumes)
        <input
          type="datetime-local"
          value={until}
          onInput={(event) => setUntil(event.currentTarget.value)}
        />
      </label>
    </>
  );
  return (
    <div class="buttons">
      <ActionButton label="Pause" effect={form} act={begin} />
    </div>
  );
}
