import * as df from 'durable-functions';
import { recordTurns } from './turns';
import type { Step } from './steps';

/** Orchestrators that return their version, and that of a child. */
export function registerVersions(): void {
  recordTurns();
  df.app.orchestration('tellsVersions', function* (context): Step {
    const child: unknown = yield context.df.callSubOrchestrator('tellsVersion');
    return { own: context.df.version ?? 'none', child };
  });
  df.app.orchestration('tellsVersion', function* (context): Step {
    yield context.df.createTimer(context.df.currentUtcDateTime);
    return context.df.version ?? 'none';
  });
}
