import {
  OrchestrationRuntimeStatus,
  type DurableClient,
  type DurableOrchestrationStatus,
  type OrchestrationFilter,
} from 'durable-functions';
import { RUN_ORCHESTRATION, POLL_NOW } from '../src/run/workflow';

/** An instance of a task hub, as a test wants it. */
export interface InstanceState {
  readonly input?: unknown;
  readonly id: string;
  readonly status: keyof typeof OrchestrationRuntimeStatus;
  /** The name of its orchestration, where that is no run. */
  readonly name?: string;
  readonly output?: unknown;
  readonly customStatus?: unknown;
}

/** A task hub in memory, in which nothing happens by itself. It keeps what it was asked. */
export class MemoryHub {
  readonly instances = new Map<string, DurableOrchestrationStatus>();
  readonly started: string[] = [];
  readonly polled: string[] = [];
  readonly purged: string[] = [];

  constructor(standing: readonly InstanceState[] = []) {
    for (const { id, status, name = RUN_ORCHESTRATION, ...data } of standing) {
      this.#put(id, status, name, data);
    }
  }

  /** Brings an instance into another state, as the engine would. */
  become({ id, status, name = RUN_ORCHESTRATION, ...data }: InstanceState): void {
    this.#put(id, status, name, data);
  }

  get client(): DurableClient {
    const port = {
      getStatus: async (id: string) => {
        const found = this.instances.get(id);
        // In the words of the library, which has the answer of the host in its text.
        if (found === undefined)
          throw new Error(
            `DurableClient error: Durable Functions extension replied with HTTP 404 response. No instance ${id}.`,
          );
        return found;
      },
      getStatusBy: async ({ runtimeStatus = [] }: OrchestrationFilter) =>
        [...this.instances.values()].filter((instance) =>
          runtimeStatus.includes(instance.runtimeStatus),
        ),
      startNew: async (name: string, { instanceId, input }: StartOptions) => {
        this.started.push(instanceId);
        this.#put(instanceId, 'Pending', name, { input });
        return instanceId;
      },
      raiseEvent: async (id: string, event: string) => {
        if (event === POLL_NOW) this.polled.push(id);
      },
      terminate: async (id: string) => {
        const found = this.instances.get(id);
        if (found !== undefined) this.#put(id, 'Terminated', found.name, { input: found.input });
      },
      purgeInstanceHistory: async (id: string) => {
        this.purged.push(id);
        this.instances.delete(id);
      },
    };
    return port as unknown as DurableClient;
  }

  #put(id: string, status: InstanceState['status'], name: string, ends: InstanceData): void {
    const moment = new Date('2030-01-01T02:00:00Z');
    const instance = {
      name,
      instanceId: id,
      runtimeStatus: OrchestrationRuntimeStatus[status],
      input: ends.input ?? null,
      output: ends.output ?? null,
      customStatus: ends.customStatus ?? null,
      createdTime: moment,
      lastUpdatedTime: moment,
    };
    this.instances.set(id, instance);
  }
}

/** What an orchestration was given and has answered. */
interface InstanceData {
  readonly customStatus?: unknown;
  readonly input?: unknown;
  readonly output?: unknown;
}

interface StartOptions {
  readonly instanceId: string;
  readonly input: unknown;
}
