import { useLocation } from 'preact-iso/router';
import type { RunView } from '../../api/schemas/run';
import { retryRun } from '../../client/retries';
import { cancelRun } from '../../client/runs';
import { runAddress, workloadAddress, withQuery } from '../data/addresses';
import { send } from '../data/connection';
import { isActive, isRetryable } from '../format/statuses';
import { ActionButton } from './action-button';

interface Props {
  readonly run: RunView;
  readonly refresh: () => void;
}

/** Cancel, retry, and run again with the same parameters. */
export function RunActions({ run, refresh }: Props) {
  const { route } = useLocation();
  const { runId, workload, status, parameters } = run;
  const cancel = async () => {
    const { message } = await cancelRun(send, runId);
    refresh();
    return message;
  };
  const retry = (tasks: 'failed' | 'all') => async () => {
    const attempt = await retryRun(send, runId, { tasks });
    route(runAddress(attempt.runId));
    return `Attempt ${attempt.attempt + 1} is ${attempt.runId}.`;
  };
  const again = withQuery(workloadAddress(workload), { start: JSON.stringify(parameters) });
  return (
    <div class="buttons">
      {isActive(status) && (
        <ActionButton label="Cancel run" isDanger act={cancel} effect={CANCEL} />
      )}
      {isRetryable(status) && (
        <>
          <ActionButton label="Retry what failed" act={retry('failed')} effect={RETRY} />
          <ActionButton label="Retry everything" act={retry('all')} effect={RETRY_ALL} />
        </>
      )}
      <a class="button" href={again}>
        Run again with these parameters
      </a>
    </div>
  );
}

const CANCEL = (
  <p>
    The run ends: its tasks are terminated, its nodes are deleted and no longer billed. What was
    written so far is kept.
  </p>
);
const RETRY = (
  <p>
    Another attempt runs the tasks that did not succeed, on new nodes that are billed. The outputs
    of the other tasks are taken over.
  </p>
);
const RETRY_ALL = (
  <p>
    Another attempt runs all tasks, on the inputs as they are now and on new nodes that are billed.
  </p>
);
