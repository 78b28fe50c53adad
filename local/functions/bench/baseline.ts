import {
  InMemoryOrchestrationBackend,
  OrchestrationStatus,
  TestOrchestrationClient,
  TestOrchestrationWorker,
  whenAll,
  type ActivityContext,
  type OrchestrationContext,
  type Task,
} from '@microsoft/durabletask-js';
import type { Engine } from './engine';

/**
 * The engine that the host is compared with: the in-memory backend of Microsoft's own
 * `@microsoft/durabletask-js`, with the same orchestrations. It stores nothing on disk, has no
 * functions and no HTTP, and runs one work item at a time.
 */

type Step = AsyncGenerator<Task<unknown>, unknown, never>;

/** Longer than any measurement takes, in seconds. */
const TIMEOUT_SECONDS = 600;

/** Maximum number of events of one instance here: a fan-out of 2,000 has 4,003. */
const MAX_HISTORY = 1_000_000;

/** Opens the baseline, paused: its worker polls without pause and would slow down the others. */
export function openBaseline(): Engine {
  const backend = new InMemoryOrchestrationBackend(MAX_HISTORY);
  const worker = new TestOrchestrationWorker(backend);
  const client = new TestOrchestrationClient(backend);
  register(worker);
  let restoreConsole: (() => void) | undefined;
  return {
    name: 'durabletask-js, memory',
    start: (name, input) => client.scheduleNewOrchestration(name, input),
    raiseEvent: (id, event, data) => client.raiseOrchestrationEvent(id, event, data),
    ended: async (id) => {
      const state = await client.waitForOrchestrationCompletion(id, true, TIMEOUT_SECONDS);
      if (state?.runtimeStatus !== OrchestrationStatus.COMPLETED)
        throw new Error(`${id} ended as ${state?.runtimeStatus}: ${state?.serializedOutput}`);
      return JSON.parse(state.serializedOutput ?? 'null') as unknown;
    },
    resume: async () => {
      restoreConsole = muteConsole();
      await worker.start();
    },
    pause: async () => {
      await worker.stop();
      restoreConsole?.();
    },
    close: () => worker.stop(),
  };
}

function register(worker: TestOrchestrationWorker): void {
  worker.addNamedActivity('echo', (_: ActivityContext, input: unknown) => input);
  worker.addNamedOrchestrator('noop', () => 1);
  worker.addNamedOrchestrator('one', async function* (context: OrchestrationContext): Step {
    return yield context.callActivity('echo', 1);
  });
  worker.addNamedOrchestrator(
    'chain',
    async function* (context: OrchestrationContext, input): Step {
      const { steps } = input as { steps: number };
      for (let n = 0; n < steps; n++) yield context.callActivity('echo', n);
      return steps;
    },
  );
  worker.addNamedOrchestrator('fan', async function* (context: OrchestrationContext, input): Step {
    const { width } = input as { width: number };
    const tasks = Array.from({ length: width }, (_, n) => context.callActivity('echo', n));
    const results: readonly unknown[] = yield whenAll(tasks);
    return results.length;
  });
  worker.addNamedOrchestrator(
    'events',
    async function* (context: OrchestrationContext, input): Step {
      const { count } = input as { count: number };
      for (let n = 0; n < count; n++) yield context.waitForExternalEvent('E');
      return count;
    },
  );
}

/**
 * Its worker writes several lines for each event and takes no logger; their cost is not measured.
 */
function muteConsole(): () => void {
  const { info, debug } = console;
  const quiet = (): void => undefined;
  Object.assign(console, { info: quiet, debug: quiet });
  return () => Object.assign(console, { info, debug });
}
