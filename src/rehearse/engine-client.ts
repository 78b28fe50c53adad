import { OrchestrationRuntimeStatus, type DurableClient } from 'durable-functions';
import { hasEnded, type Instance, type TaskHub } from './engine';

/** The durable client as triggers and handlers use it, with the refusals of the real one. */
// oxlint-disable-next-line eslint/max-lines-per-function -- a table: one row for each operation of the client
export function clientOf(
  hub: TaskHub,
  onStart: (id: string, input: unknown) => void,
): DurableClient {
  const demand = (id: string): Instance => {
    const instance = hub.instances.get(id);
    if (instance !== undefined) return instance;
    throw new Error(
      'DurableClient error: Durable Functions extension replied with HTTP 404 response. This usually means we could not find any data associated with the instanceId provided.',
    );
  };
  const client = {
    getStatus: async (id: string) => statusOf(demand(id)),
    getStatusBy: async ({ runtimeStatus }: { runtimeStatus?: readonly string[] }) =>
      [...hub.instances.values()]
        .filter(({ state }) => runtimeStatus?.includes(state) ?? true)
        .map(statusOf),
    startNew: async (name: string, options: { instanceId: string; input: unknown }) => {
      const { instanceId: id, input } = options;
      const found = hub.instances.get(id);
      if (found !== undefined && !hasEnded(found)) {
        throw new Error(`An Orchestration instance with the status ${found.state} already exists.`);
      }
      onStart(id, input);
      hub.start(name, id, JSON.stringify(input));
      return id;
    },
    raiseEvent: async (id: string, name: string) => {
      const instance = demand(id);
      if (!hasEnded(instance)) hub.deliver(instance, { kind: 'event', name });
    },
    terminate: async (id: string, reason: string) => {
      const instance = demand(id);
      if (!hasEnded(instance)) hub.deliver(instance, { kind: 'terminate', reason });
    },
    purgeInstanceHistory: async (id: string) => {
      demand(id);
      hub.instances.delete(id);
    },
  };
  return client as unknown as DurableClient;
}

/** The JSON of a status is parsed when it is read: the reconciler asks for the state alone. */
function statusOf(instance: Instance) {
  const { name, id, state, output, createdAt, updatedAt } = instance;
  const { input, customStatus } = instance;
  return {
    name,
    instanceId: id,
    runtimeStatus: OrchestrationRuntimeStatus[state],
    get createdTime() {
      return new Date(createdAt);
    },
    get lastUpdatedTime() {
      return new Date(updatedAt);
    },
    get input() {
      return parse(input);
    },
    get output() {
      return state === 'Completed' ? parse(output) : output;
    },
    get customStatus() {
      return parse(customStatus);
    },
  };
}

function parse(json: string | null): unknown {
  return json === null ? null : (JSON.parse(json) as unknown);
}
