import { SteppedClock } from '../clock';
import { startHost, type RunningHost } from './host';
import * as client from './durable/client';
import { statusOf, type StatusPayload } from './durable/status';
import type { HistoryEvent } from './durable/history';
import { hasEnded, type Instance } from './durable/records';
import type { Environment } from './settings';

/**
 * A Functions host for tests of orchestrations: in the test's own process, in memory, on a clock
 * that the test steps. Activities run for real; nothing sleeps.
 *
 *     const hub = await startTestHub({ register: () => { df.app.orchestration(…); … } });
 *     await hub.start('greet', 'a', { name: 'Ada' });
 *     expect((await hub.runToEnd('a')).output).toBe('Hello, Ada');
 *     await hub.close();
 *
 * One hub at a time in a process. Several in turn are fine, each with its own `register`.
 */
export async function startTestHub(options: TestHubOptions): Promise<TestHub> {
  const clock = options.clock ?? new SteppedClock(options.start ?? '2030-01-01T00:00:00Z');
  const host = await startHost({
    register: options.register,
    clock,
    environment: { WEBSITE_TIME_ZONE: 'UTC', ...options.environment },
    log: options.log ?? (() => {}),
    ...(options.dataFolder === undefined ? {} : { dataFolder: options.dataFolder, fsync: false }),
  });
  return new TestHub(host, clock);
}

export interface TestHubOptions {
  /** Registers the functions, with the app's own libraries. */
  readonly register: () => unknown;
  /** First time of the clock. Default: 2030-01-01, midnight. */
  readonly start?: Date | string;
  /** A clock that the test shares with its fakes, instead of `start`. */
  readonly clock?: SteppedClock;
  readonly environment?: Environment;
  readonly log?: (level: string, message: string) => void;
  /** Folder of the hub, for tests of restarts. Default: in memory. */
  readonly dataFolder?: string;
}

export class TestHub {
  constructor(
    readonly host: RunningHost,
    readonly clock: SteppedClock,
  ) {}

  async start(name: string, id: string, input?: unknown, version?: string): Promise<void> {
    const wanted = {
      name,
      id,
      input: jsonOf(input),
      ...(version === undefined ? {} : { version }),
    };
    await client.startNew(this.host.hub, wanted);
  }

  raiseEvent(id: string, name: string, data?: unknown): Promise<void> {
    return client.raiseEvent(this.host.hub, id, name, jsonOf(data));
  }

  terminate(id: string, reason: string): Promise<void> {
    return client.terminate(this.host.hub, id, reason);
  }

  suspend(id: string): Promise<void> {
    return client.suspend(this.host.hub, id, null);
  }

  resume(id: string): Promise<void> {
    return client.resume(this.host.hub, id, null);
  }

  /** Waits until nothing runs and nothing will before the clock is stepped or an event raised. */
  settled(): Promise<void> {
    return this.host.settled();
  }

  /** Steps the clock to the next alarm and settles; false when there is no alarm. */
  async stepToNextAlarm(): Promise<boolean> {
    const next = this.clock.next();
    if (next === undefined) return false;
    this.clock.stepTo(next);
    await this.settled();
    return true;
  }

  /**
   * Settles and steps from alarm to alarm until the instance has ended. Throws when no alarm is
   * left and it still waits.
   */
  async runToEnd(id: string): Promise<StatusPayload> {
    await this.settled();
    while (!hasEnded(this.#find(id).status)) {
      if (!(await this.stepToNextAlarm()))
        throw new Error(
          `'${id}' is ${this.#find(id).status} and waits for an event that no alarm will cause.`,
        );
    }
    return this.status(id);
  }

  /** Starts an instance and runs it to its end. */
  async run(name: string, id: string, input?: unknown): Promise<StatusPayload> {
    await this.start(name, id, input);
    return this.runToEnd(id);
  }

  status(id: string): StatusPayload {
    const detail = { showInput: true, showHistory: false, showHistoryOutput: false };
    return statusOf(this.#find(id), detail);
  }

  history(id: string): readonly HistoryEvent[] {
    return this.#find(id).history;
  }

  close(): Promise<void> {
    return this.host.close();
  }

  #find(id: string): Instance {
    const instance = this.host.hub.find(id);
    if (instance === undefined) throw new Error(`The instance '${id}' does not exist.`);
    return instance;
  }
}

function jsonOf(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
