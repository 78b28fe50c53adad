import type { RunStatus } from '../client/runs';

/** Exit codes of all commands. 10 to 14 are the ends of a run, for the commands that wait for one. */
export const exitCodes = {
  succeeded: 0,
  error: 1,
  wrongCall: 2,
  unreachable: 3,
  unauthorized: 4,
  incomplete: 5,
  failed: 10,
  timedOut: 11,
  cancelled: 12,
  skipped: 13,
  missed: 14,
} as const;

export type ExitCodeName = keyof typeof exitCodes;

/** The table of the documentation. */
export const exitCodeMeanings: Readonly<Record<ExitCodeName, string>> = {
  succeeded: 'success; with `watch` or `--watch`, the run succeeded',
  error: 'another failure, with its reason in one line on standard error',
  wrongCall: 'a wrong call: an unknown option, a missing argument, a malformed value',
  unreachable: 'the app does not answer',
  unauthorized: 'the app asks for a key, or refuses the one that it got',
  incomplete: '`fetch` saved some files only; each other one is named on standard error',
  failed: 'the run failed',
  timedOut: 'the run reached its deadline',
  cancelled: 'the run was cancelled',
  skipped: 'the run was skipped',
  missed: 'the run was missed: it could not start in time',
};

/** The exit code for a run that has ended. */
export function exitCodeOf(status: RunStatus): number {
  return status === 'queued' || status === 'running' ? exitCodes.error : exitCodes[status];
}
