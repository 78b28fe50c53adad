import * as df from 'durable-functions';
import type { Step } from './steps';

/** Programs that meet the outside world: operators, HTTP servers, the app's own exceptions. */
export function registerOutside(): void {
  registerHeld();
  registerRequests();
  registerExceptions();
}

/** Instances whose failing activity has been repaired. */
export const repaired = new Set<string>();

/** The work of an activity that is held, by its instance. */
export const held = new Map<string, () => Promise<void>>();

/** The instances whose held activity has ended. */
export const released = new Set<string>();

function registerHeld(): void {
  df.app.activity('holds', {
    handler: async (id: string) => {
      await held.get(id)?.();
      released.add(id);
      return 'held';
    },
  });
  df.app.activity('breaksUntilRepaired', {
    handler: (id: string) => {
      if (!repaired.has(id)) throw new Error('not repaired');
      return 'repaired';
    },
  });
  df.app.orchestration('holdsActivity', function* (context): Step {
    return yield context.df.callActivity('holds', context.df.instanceId);
  });
  df.app.orchestration('rewindsRetried', function* (context): Step {
    const { instanceId } = context.df;
    yield context.df.callActivity('say', 'x');
    const retry = new df.RetryOptions(1000, 2);
    return yield context.df.callActivityWithRetry('breaksUntilRepaired', retry, instanceId);
  });
}

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly enablePolling?: boolean;
}

function registerRequests(): void {
  df.app.orchestration('asks', function* (context): Step {
    const results: unknown[] = [];
    const headers = { 'X-Colour': 'red', 'x-functions-key': 'secret' };
    for (const request of context.df.getInput<readonly Asked[]>())
      try {
        results.push(yield context.df.callHttp({ ...request, body: { n: 1 }, headers }));
      } catch (error) {
        results.push((error as Error).message);
      }
    return results;
  });
}

class Propertied extends Error {
  override readonly name = 'Propertied';
  readonly properties = { code: 'quota', limits: [1, 2], nested: { isFinal: true } };
}

function registerExceptions(): void {
  df.app.setExceptionPropertiesProvider({
    getExceptionProperties: (error) => (error instanceof Propertied ? error.properties : undefined),
  });
  df.app.activity('breaksWithProperties', {
    handler: () => {
      throw new Propertied('a failure with properties');
    },
  });
  df.app.orchestration('passesProperties', function* (context): Step {
    return yield context.df.callActivity('breaksWithProperties');
  });
  df.app.orchestration('catchesProperties', function* (context): Step {
    try {
      return yield context.df.callActivity('breaksWithProperties');
    } catch (error) {
      return factsOf(error);
    }
  });
  df.app.orchestration('catchesOfChild', function* (context): Step {
    const childId = `${context.df.instanceId}-child`;
    try {
      return yield context.df.callSubOrchestrator('passesProperties', null, childId);
    } catch (error) {
      return factsOf(error);
    }
  });
}

function factsOf(error: unknown) {
  if (!(error instanceof df.TaskFailedError)) return { message: (error as Error).message };
  const { name, message, failureDetails } = error;
  const { stackTrace, ...details } = failureDetails;
  return { name, message, details, stack: typeof stackTrace };
}
