import { useState } from 'preact/hooks';
import type { WorkloadDetail } from '../../api/schemas/overview';
import { pause, resume } from '../../client/pauses';
import { send } from '../data/connection';
import { instantText } from '../format/times';
import { ActionButton } from './action-button';
import { Time } from './time';

interface Props {
  readonly workload: WorkloadDetail;
  readonly refresh: () => void;
}

/** Pauses a workload with a reason, or resumes it. */
export function PauseActions({ workload, refresh }: Props) {
  const { name } = workload;
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState('');
  if (workload.pause !== null) {
    const { by, since, reason: why, until: end } = workload.pause;
    const endPause = async () => {
      await resume(send, name);
      refresh();
      return 'Resumed.';
    };
    return (
      <div class="note">
        <p>
          Paused <Time at={since} /> by {by}: {why}
        </p>
        <p>{end === null ? 'Until somebody resumes.' : `Until ${instantText(Date.parse(end))}.`}</p>
        <ActionButton label="Resume" effect={RESUME} act={endPause} />
      </div>
    );
  }
  const begin = async () => {
    const body = {
      reason: reason.trim(),
      ...(until !== '' && { until: new Date(until).toISOString() }),
    };
    await pause(send, name, body);
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
          required
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

const RESUME = (
  <p>
    Due times and files start runs again; what became due meanwhile follows the catch-up policy.
  </p>
);
