import { InvocationContext, type Timer } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import type { App } from '../../src/app';
import type { SchedulesInForce } from '../../src/ledger/schedules';
import { reconcileHandler } from '../../src/triggers/reconcile';
import { labelsOf } from '../../src/run/activity-context';
import { stagingContainerOf } from '../../src/run/names';
import { testApp, type TestApp } from '../api/given';
import { addResources } from '../api/resources';
import type { InstanceState } from '../hub';
import { OWNER, whole } from '../run/given';

/** Passes of the reconciler in this process. */

const timer: Timer = {
  isPastDue: false,
  schedule: { adjustForDST: false },
  scheduleStatus: { last: '', next: '', lastUpdated: '' },
};

export interface Pass {
  readonly log: readonly string[];
  readonly errors: readonly string[];
}

export const NOTHING: Pass = { log: [], errors: [] };

export interface PassOptions {
  readonly app?: App;
  readonly client?: DurableClient;
  /** NCRONTAB of the schedule of `hello`; it has none by default. */
  readonly cron?: string;
  /** The process that has made passes before; another one by default. */
  readonly handler?: ReturnType<typeof handlerOf>;
}

/** One pass, with what it logged. */
export async function passOf(world: TestApp, options: PassOptions = {}): Promise<Pass> {
  const { app = world.app, client = world.hub.client, cron } = options;
  const { handler = handlerOf(app, cron) } = options;
  const [log, errors]: [string[], string[]] = [[], []];
  const context = new InvocationContext({
    functionName: 'reconcile',
    logHandler: (level, ...line) => (level === 'error' ? errors : log).push(line.join(' ')),
  });
  await handler(timer, client, context);
  return { log, errors };
}

/** The reconciler of one process. */
export function handlerOf(app: App, cron?: string) {
  const catchUp = app.workloads.get('hello')?.triggers.schedule?.[0]?.catchUp ?? 'last';
  const schedule = { workload: 'hello', index: 0, timeZone: 'UTC', catchUp } as const;
  const schedules: SchedulesInForce = cron === undefined ? {} : { hello: [{ ...schedule, cron }] };
  return reconcileHandler({ ...app, schedules });
}

/** The same port, which writes down the name of each call. */
export function listening<Port extends object>(port: Port, name: string, calls: string[]): Port {
  return new Proxy(port, {
    get(target, member) {
      const found: unknown = Reflect.get(target, member, target);
      if (typeof found !== 'function') return found;
      return (...values: unknown[]): unknown => {
        calls.push(`${name}.${String(member)}`);
        return Reflect.apply(found, target, values);
      };
    },
  });
}

export const allowing = { ...whole, overlap: 'allow' } as const;

/** A run with a pool, a job and a staging container, which its orchestration has claimed. */
export async function running(world = testApp([allowing])) {
  const runId = await world.start('hello', 'a');
  await world.claim(runId);
  await addResources(world, runId, 'hello');
  const labels = labelsOf({ owner: OWNER, runId, workload: 'hello' });
  await world.files.makeContainer(stagingContainerOf(runId), labels);
  return { world, runId };
}

/** What a run has left, of which only the engine may know. */
export async function leftovers(status: InstanceState['status'] | null) {
  const world = testApp([allowing]);
  const runId = 'hello-20261121t010000-0123456789';
  if (status !== null) world.hub.become({ id: runId, status });
  await addResources(world, runId, 'hello');
  return { world, runId };
}
