import type { HistoryEvent } from '../../local/functions/durable/history';
import type { StatusPayload } from '../../local/functions/durable/status';
import { turnsOf, type Turn } from './programs/turns';

/**
 * A task hub as a durable client sees it: the real extension and the host of this repository speak
 * the same protocol, so one set of scenarios runs on both.
 */
export interface HubOptions {
  /** The endpoint of durable clients; ends in a slash. */
  readonly rpcUrl: string;
  /** Lets something happen: waits for the real engine, or steps the clock of a test. */
  readonly wait: () => Promise<void>;
  /** Passes a short time, also while an activity runs, for which `wait` may wait. */
  readonly pause: () => Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface Status extends StatusPayload {
  readonly historyEvents: readonly Readonly<Record<string, unknown>>[];
}

const ENDED: readonly string[] = ['Completed', 'Failed', 'Terminated', 'Canceled'];

export class Hub {
  constructor(readonly options: HubOptions) {}

  async request(call: string, body?: unknown): Promise<Reply> {
    const [method = '', path = ''] = call.split(' ');
    const response = await fetch(`${this.options.rpcUrl}${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parsed(text) };
  }

  async start(name: string, id: string, input?: unknown, version?: string): Promise<void> {
    const query = version === undefined ? '' : `?version=${version}`;
    const { status, body } = await this.request(`POST orchestrators/${name}/${id}${query}`, input);
    if (status !== 202) throw new Error(`${id} was not started: ${status} ${JSON.stringify(body)}`);
  }

  /** Instances of the real engine wait for an event for a while after they were started. */
  async raiseEvent(id: string, name: string, data: unknown = null): Promise<void> {
    await this.#accepted(`POST instances/${id}/raiseEvent/${name}`, data);
  }

  /** Terminates, suspends, resumes, rewinds. */
  async act(id: string, operation: string): Promise<void> {
    await this.#accepted(`POST instances/${id}/${operation}?reason=a%20reason`);
  }

  async #accepted(call: string, body?: unknown): Promise<void> {
    const { status, body: reply } = await this.request(call, body);
    if (status !== 202) throw new Error(`${call} replied ${status}: ${JSON.stringify(reply)}`);
  }

  async status(id: string): Promise<Status | null> {
    const query = 'showInput=true&showHistory=true&showHistoryOutput=true';
    return (await this.request(`GET instances/${id}?${query}`)).body as Status | null;
  }

  /** The calls of the orchestrator, in order. */
  turns(id: string): readonly Turn[] {
    return turnsOf(id);
  }

  /** The history at the orchestrator's last call. */
  history(id: string): readonly HistoryEvent[] {
    return turnsOf(id).at(-1)?.history ?? [];
  }

  async until(
    id: string,
    holds: (status: Status) => boolean,
    wait = this.options.wait,
  ): Promise<Status> {
    for (;;) {
      // A child does not exist before its message has arrived.
      const status = await this.status(id);
      if (status !== null && holds(status)) return status;
      await wait();
    }
  }

  ended(id: string, wait = this.options.wait): Promise<Status> {
    return this.until(id, ({ runtimeStatus }) => ENDED.includes(runtimeStatus), wait);
  }

  /** Waits until the orchestrator has set this custom status. */
  async shows(id: string, customStatus: unknown): Promise<Status> {
    return this.until(id, (status) => status.customStatus === customStatus);
  }

  async run(name: string, id: string, input?: unknown): Promise<Status> {
    await this.start(name, id, input);
    return this.ended(id);
  }
}

function parsed(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
