import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { realClock } from '../../clock';
import * as client from '../durable/client';
import { startHost, type RunningHost } from '../host';

/**
 * The subject of a measurement: it runs the orchestrations `noop`, `one`, `chain`, `fan` and
 * `events`.
 */
export interface Engine {
  readonly name: string;
  /** Starts an instance and returns its id. */
  start(name: string, input?: unknown): Promise<string>;
  raiseEvent(id: string, event: string, data: unknown): Promise<void>;
  /** Waits for the end of an instance and returns its output. Rejects when it did not complete. */
  ended(id: string): Promise<unknown>;
  /** Calls an HTTP function once, for an engine that has HTTP functions. */
  readonly hello?: () => Promise<void>;
  /** Called before and after each measurement, for an engine that would slow down the others. */
  readonly resume?: () => Promise<void>;
  readonly pause?: () => Promise<void>;
  close(): Promise<void>;
}

export interface Place {
  readonly name: string;
  readonly dataFolder: () => string | undefined;
  readonly fsync: boolean;
}

type Step = Generator<df.Task, unknown, never>;

function register(): void {
  df.app.activity('echo', { handler: (input: unknown) => input });
  df.app.orchestration('noop', function* (context): Step {
    if (context.df.instanceId !== '') return 1;
    return yield context.df.callActivity('echo', 1);
  });
  df.app.orchestration('one', function* (context): Step {
    return yield context.df.callActivity('echo', 1);
  });
  df.app.orchestration('chain', function* (context): Step {
    const { steps } = context.df.getInput<{ steps: number }>();
    for (let n = 0; n < steps; n++) yield context.df.callActivity('echo', n);
    return steps;
  });
  df.app.orchestration('fan', function* (context): Step {
    const { width } = context.df.getInput<{ width: number }>();
    const tasks = Array.from({ length: width }, (_, n) => context.df.callActivity('echo', n));
    const results: readonly unknown[] = yield context.df.Task.all(tasks);
    return results.length;
  });
  df.app.orchestration('events', function* (context): Step {
    const { count } = context.df.getInput<{ count: number }>();
    for (let n = 0; n < count; n++) yield context.df.waitForExternalEvent('E');
    return count;
  });
  app.http('hello', { methods: ['GET'], handler: () => ({ body: 'hello' }) });
}

/** A host with the functions above. */
export function openHost(place: Place): Promise<RunningHost> {
  const dataFolder = place.dataFolder();
  return startHost({
    register,
    clock: realClock,
    environment: {},
    log: (level, message) => {
      if (level === 'error') process.stderr.write(`${message}\n`);
    },
    fsync: place.fsync,
    ...(dataFolder === undefined ? {} : { dataFolder }),
  });
}

/** The local host as the subject of a measurement. */
export function hostEngine(place: Place, host: RunningHost): Engine {
  return {
    name: place.name,
    start: (name, input) =>
      client.startNew(host.hub, {
        name,
        input: input === undefined ? null : JSON.stringify(input),
      }),
    raiseEvent: (id, event, data) => client.raiseEvent(host.hub, id, event, JSON.stringify(data)),
    ended: async (id) => {
      const { status, output } = await host.hub.ended(id);
      if (status !== 'Completed') throw new Error(`${id} ended as ${status}: ${output}`);
      return JSON.parse(output ?? 'null') as unknown;
    },
    hello: async () => {
      const response = await fetch(`${host.url}/api/hello`);
      await response.text();
    },
    close: () => host.close(),
  };
}
