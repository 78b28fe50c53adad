import { AsyncLocalStorage } from 'node:async_hooks';
import { app as functions, type InvocationContext } from '@azure/functions';
import type { FinalState, OccurrenceRow } from './ledger/rows';

/**
 * One log line for each occurrence that becomes final. Application Insights has its level, and its
 * fields as JSON behind the sentence.
 */

/** Log levels of Functions, as methods of an invocation. */
type Level = 'log' | 'warn' | 'error';

const levels: Record<FinalState, Level> = {
  succeeded: 'log',
  skipped: 'log',
  cancelled: 'warn',
  failed: 'error',
  timedOut: 'error',
  missed: 'error',
};

const verbs: Record<FinalState, string> = {
  succeeded: 'succeeded',
  skipped: 'was skipped',
  cancelled: 'was cancelled',
  failed: 'failed',
  timedOut: 'timed out',
  missed: 'was missed',
};

export interface LogLine {
  readonly level: Level;
  readonly message: string;
}

export function logLineOf(row: OccurrenceRow): LogLine {
  const { runId, workload, startedAt, endedAt, code, cause, nodeMinutes, cost } = row;
  const state = row.state === 'open' ? 'failed' : row.state;
  const reason = cause === null ? '' : ` (${code ?? 'internal'}): ${cause}`;
  const fields = { runId, workload, outcome: state, code, startedAt, endedAt, nodeMinutes, cost };
  return {
    level: levels[state],
    message: `run ${runId} ${verbs[state]}${reason} ${JSON.stringify(fields)}`,
  };
}

const invocations = new AsyncLocalStorage<InvocationContext>();

/** Makes the invocation known to what it calls, so that a log line belongs to it. */
export function noteInvocations(): void {
  functions.hook.preInvocation((hook) => {
    const handler = hook.functionHandler;
    hook.functionHandler = (...inputs) =>
      invocations.run(hook.invocationContext, () => handler(...inputs));
  });
}

export function logEnding(row: OccurrenceRow): void {
  logLine(logLineOf(row));
}

/** Writes the line to the log of the invocation; outside of one, to the log of the app. */
export function logLine({ level, message }: LogLine): void {
  const log = invocations.getStore() ?? console;
  log[level](message);
}
