import type { Notice, Outbox } from '../ledger/notices';
import type { NotifyTarget } from '../workload/notify-schema';

/**
 * The log as a target of its own: each event of a run before its end is one line, whose alerts are in
 * `infra/app/alerts.bicep`. Ends have a line already.
 */
const LOG_TARGET: NotifyTarget = {
  // No target of a declaration or a setting can have this name.
  to: 'LOG',
  on: ['late', 'waitingForCapacity', 'budgetReached'],
  form: 'cloudevents',
  lateMinutes: 30,
  capacityMinutes: 60,
};

/** Writes a line to the log of the invocation. */
type Log = (line: { readonly level: 'warn'; readonly message: string }) => void;

/** The outbox with the log as one more target, which cannot fail. */
export function withLog(outbox: Outbox, log: Log): Outbox {
  return {
    ...outbox,
    targetsOf: (workload) => [...outbox.targetsOf(workload), LOG_TARGET],
    send: async (notice) => {
      if (notice.to !== LOG_TARGET.to) return outbox.send(notice);
      log({ level: 'warn', message: noticeLine(notice) });
      return { kind: 'delivered', status: null, detail: 'it is in the log' };
    },
  };
}

/** The sentence with its fields as JSON, like that of an end. */
export function noticeLine({ event, data }: Pick<Notice, 'event' | 'data'>): string {
  const { workload, runId, code, cause, due } = data;
  const fields = { runId, workload, event, code, due };
  const reason = cause === null ? '' : `: ${cause}`;
  return `notice ${event} of run ${runId}${reason} ${JSON.stringify(fields)}`;
}
