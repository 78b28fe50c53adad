import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { z } from 'zod';
import { realClock } from '../clock';
import { listen } from '../http';
import { StorageBindings } from './bindings';
import type { Catalog } from './catalog';
import { durableApi, type DurableApi } from './durable/client-api';
import { clientBindingValue, type HubAddresses } from './durable/client-urls';
import type { DurableFunctions } from './durable/orchestration-turn';
import type { Instance } from './durable/records';
import { DiskStore, MemoryStore, type Store } from './durable/store';
import { TaskHub } from './durable/task-hub';
import { HttpFrontEnd } from './front-door';
import type { Log } from './log';
import { firstLine, Runner } from './runner';
import { createTriggers } from './triggers/triggers';
import type { Binding } from './wire';
import type { HostOptions } from './options';
import type { Frame, HostParts } from './host-parts';

/** Creates and connects the parts of a host that has loaded its app. */
export async function assemble(options: HostOptions, frame: Frame): Promise<HostParts> {
  const { settings, catalog, closing } = frame;
  const store = openStore(options, closing);
  const rpc = await openRpc(options, closing);
  const addresses: HubAddresses = {
    hubName: settings.durable.hubName,
    connectionName: settings.durable.connectionName,
    origin: `http://localhost:${frame.front.port}`,
    rpcBaseUrl: `${rpc.url}${RPC_PATH}/`,
    systemKey: options.keys?.system,
  };
  const runner = newRunner(options, frame, addresses);
  const hub = newHub(options, frame, store, runner);
  const api = durableApi(hub, () => addresses);
  rpc.serve(api);
  const triggers = await createTriggers({ ...options, settings, catalog, runner });
  return { ...frame, runner, hub, api, triggers, addresses };
}

const RPC_PATH = '/durabletask';

/** The durable client's own port. If another host uses it: any other, as the real one does. */
async function openRpc({ log, rpcPort }: HostOptions, closing: Frame['closing']) {
  let api: DurableApi = () => Promise.resolve({ status: 503 });
  const frontEnd = new HttpFrontEnd({ log, keys: undefined });
  const handler = frontEnd.serveApi(RPC_PATH, (...call) => api(...call));
  const listening = await listen(handler, { port: rpcPort ?? 0 }).catch(() => listen(handler));
  closing.push(() => listening.close());
  return {
    url: listening.url,
    serve(served: DurableApi) {
      api = served;
    },
  };
}

function openStore(options: HostOptions, closing: Frame['closing']): Store {
  const { dataFolder, fsync = true, log, onBroken = rethrow } = options;
  if (dataFolder === undefined) return new MemoryStore();
  const folder = path.join(dataFolder, 'durable');
  const store = new DiskStore({ folder, fsync, log, onBroken });
  closing.push(() => store.close());
  return store;
}

function rethrow(cause: unknown): void {
  setImmediate(() => {
    throw new Error('The journal of the task hub cannot be written.', { cause });
  });
}

function newRunner(
  { clock, log, environment, dataFolder }: HostOptions,
  { registry, settings }: Frame,
  addresses: HubAddresses,
): Runner {
  const storage = new StorageBindings({
    environment,
    queues: settings.queues,
    now: () => clock.now(),
    dataFolder,
  });
  return new Runner({
    registry,
    log,
    realClock,
    timeoutMs: settings.functionTimeoutMs,
    extraInput: (binding, metadata) =>
      isDurableClient(binding)
        ? { string: clientBindingValue(addresses) }
        : storage.read(binding, metadata()),
    sendOutputs: (fn, response, metadata) => storage.write(fn, response, metadata),
  });
}

function newHub(
  { clock, log }: HostOptions,
  { settings, catalog }: Frame,
  store: Store,
  runner: Runner,
): TaskHub {
  return new TaskHub({
    store,
    clock,
    log,
    settings: settings.durable,
    functions: durableFunctions(catalog, runner),
    newId: () => randomUUID().replaceAll('-', ''),
    onEnded: (instance) => logEnd(instance, log),
  });
}

function logEnd({ id, name, status, output }: Instance, log: Log): void {
  const unsuccessful = status === 'Completed' ? unsuccessfulOutcome(output) : undefined;
  if (unsuccessful !== undefined) return log('warning', `${name} ${id} ${unsuccessful}`);
  const line = `${name} ${id} ${status.toLowerCase()}`;
  if (status === 'Failed') log('error', `${line}: ${firstLine(output ?? '')}`);
  else log('information', line);
}

/**
 * The outcome in the output of an orchestrator that completes although its work did not succeed:
 * `{ outcome: { kind, code, cause } }` with any kind but `succeeded`.
 */
function unsuccessfulOutcome(output: string | null): string | undefined {
  const parsed = unsuccessfulSchema.safeParse(output === null ? null : JSON.parse(output));
  if (!parsed.success) return undefined;
  const { kind, code, cause } = parsed.data.outcome;
  return `${kind}: ${code}, ${firstLine(cause)}`;
}

const unsuccessfulSchema = z.object({
  outcome: z.object({
    kind: z.string().refine((kind) => kind !== 'succeeded'),
    code: z.string(),
    cause: z.string(),
  }),
});

function isDurableClient({ type }: Binding): boolean {
  return /^(durable|orchestration)Client$/i.test(type);
}

function durableFunctions(catalog: Catalog, runner: Runner): DurableFunctions {
  return {
    has: (kind, name) => catalog.find(name)?.triggerType === kind,
    names: (kind) => catalog.withTrigger(kind).map(({ name }) => name),
    run: (kind, name, instanceId, input) => {
      const fn = catalog.find(name);
      if (fn?.triggerType !== kind)
        throw new Error(`The ${kind} function '${name}' does not exist.`);
      const triggerMetadata = { instanceId: { string: instanceId } };
      return runner.run(fn, { input, triggerMetadata, subject: instanceId });
    },
  };
}
