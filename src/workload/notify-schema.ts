import { z } from 'zod';
import type { Named } from './named';
import { MINUTES_PER_DAY } from './fields';

/**
 * The events that people can be notified of. The first six are the ends of an occurrence; `recovered`
 * is the first success after a run that failed, timed out or was missed.
 */
export const NOTICE_EVENTS = [
  'succeeded',
  'failed',
  'timedOut',
  'cancelled',
  'skipped',
  'missed',
  'recovered',
  'late',
  'waitingForCapacity',
  'budgetReached',
] as const;
export type NoticeEvent = (typeof NOTICE_EVENTS)[number];

/** Longer names would not leave room for `notify-<name>-url` in the name of a secret. */
export const targetName = z
  .string()
  .max(64)
  .regex(
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    'must be lower-case words joined by single hyphens, such as "on-call"',
  );

const minutes = z
  .int()
  .min(1)
  .max(7 * MINUTES_PER_DAY);

const targetFields = {
  /**
   * Events that are sent: `succeeded`, `failed`, `timedOut`, `cancelled`, `skipped`, `missed`, `recovered` (the
   * first success after a run that failed, timed out or was missed), `late`, `waitingForCapacity`,
   * `budgetReached`. Default: `failed`, `timedOut`, `missed` and `recovered`.
   */
  on: z.array(z.enum(NOTICE_EVENTS)).min(1).default(['failed', 'timedOut', 'missed', 'recovered']),
  /**
   * Format of the message: `cloudevents` is a signed CloudEvents 1.0 document, `slack` and `teams` are messages
   * for the incoming webhooks of these services. Default: `cloudevents`.
   */
  form: z.enum(['cloudevents', 'slack', 'teams']).default('cloudevents'),
  /**
   * Minutes after a due time, 1 to 10080, after which a run that has not started is reported as `late`. Default:
   * 30.
   */
  lateMinutes: minutes.default(30),
  /**
   * Minutes without a node, 1 to 10080, after which a run is reported as `waitingForCapacity`. Default: 60.
   */
  capacityMinutes: minutes.default(60),
};

const notifySchema = z.strictObject({
  /**
   * Name of the target, such as `on-call`. Its URL is the secret `notify-<name>-url` of the vault, and its
   * signing key `notify-<name>-key`.
   */
  to: targetName,
  ...targetFields,
});

/** A target that is notified of events of the workload's runs. */
export interface NotifyOptions extends z.input<typeof notifySchema>, Named {}
export interface NotifyTarget extends z.output<typeof notifySchema>, Named {}
export type NoticeForm = NotifyTarget['form'];

export const notifyField: z.ZodType<NotifyTarget, NotifyOptions> = notifySchema;

/** The targets of the app by name, as the app setting NOTIFY has them. */
export const appTargets = z
  .record(targetName, z.strictObject(targetFields))
  .transform((byName): readonly NotifyTarget[] =>
    Object.entries(byName).map(([to, target]) => ({ to, ...target })),
  );

/** The names of the secrets of a target. */
export function targetSecrets(to: string): { readonly url: string; readonly key: string } {
  return { url: `notify-${to}-url`, key: `notify-${to}-key` };
}
