import { app } from '@azure/functions';
import * as df from 'durable-functions';
import { realClock } from '../../clock';
import * as client from '../durable/client';
import { startHost, type RunningHost } from '../host';

/** What is measured: something that runs the orchestrations `noop`, `one`, `chain`, `fan`, `events`. */
export interface Engine {
  readonly name: string;
  /** Starts one; the answer is its instance id. */
  start(name: string, input?: unknown): Promise<string>;
  raiseEvent(id: string, event: string, data: unknown): Promise<void>;
  /** Waits for its end; the answer is its output. Rejects when it did not complete. */
  ended(id: string): Promise<unknown>;
  /** One answer of an HTTP function, of an engine that has any. */
  readonly hello?: () => Promise<void>;
  /** Before and after each measurement, for an engine that would be in the way of others. */
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

/** Our host, as what is measured. */
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
