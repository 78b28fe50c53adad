export interface PollState {
  /** Something that is shown may change soon. */
  readonly isActive: boolean;
  readonly isVisible: boolean;
  /** Requests that failed one after another. */
  readonly failures: number;
  /** Polls since the page was last visible. */
  readonly unseen: number;
}

const ACTIVE_MS = 10_000;
const QUIET_MS = 60_000;
const RETRY_MS = 5_000;
const MAX_HIDDEN_MS = 15 * 60_000;

/** The pause before the next poll: short while something runs, longer for a page that nobody sees. */
export function pollDelayMs({ isActive, isVisible, failures, unseen }: PollState): number {
  if (!isVisible) return Math.min(QUIET_MS * 2 ** unseen, MAX_HIDDEN_MS);
  if (failures > 0) return Math.min(RETRY_MS * 2 ** (failures - 1), QUIET_MS);
  return isActive ? ACTIVE_MS : QUIET_MS;
}
