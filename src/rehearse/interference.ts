import type { HttpRequest } from '@azure/functions';
import { cancelHandler } from '../api/runs';
import { stopAllHandler } from '../api/stop-all';
import { runIdOf } from '../ledger/keys';
import type { Occurrence, RunInput } from '../run/run';
import { contextOf, ownerIn, type App } from './app';
import type { BatchModel } from './batch-model';
import { MINUTE } from './clock';
import { changeBlob, deliver, isStartOf, type OccurrenceState } from './deliveries';
import { hasEnded, type Instance } from './engine';
import type { Fault } from './faults';

/** Acts of persons on an app and its resources while runs are active. */

export interface Interference {
  readonly kind: string;
  readonly app: string | null;
  /** The run, pool, job or container it was done to. */
  readonly what: string;
  readonly at: number;
}

interface World {
  readonly apps: readonly App[];
  readonly batch: BatchModel;
  readonly occurrences: readonly OccurrenceState[];
  readonly interference: readonly Interference[];
  readonly agenda: { readonly now: number };
}

type Timed = Extract<
  Fault,
  { kind: 'cancel' | 'stopAll' | 'terminate' | 'purge' | 'deletion' | 'blobChanged' }
>;

export function interfere(world: World, fault: Timed): void {
  switch (fault.kind) {
    case 'deletion':
      return deleteSomething(world, fault);
    case 'blobChanged': {
      const state = world.occurrences[fault.occurrence];
      const app = world.apps.find(({ id }) => id === state?.plan.app);
      if (state?.plan.kind !== 'blob' || app === undefined) return;
      note(world, 'blobChanged', app.id, state.plan.key);
      return changeBlob(app, state, fault.to);
    }
    default: {
      const app = pickOf(world.apps, fault.pick);
      if (app !== undefined && app.isUp) operate(world, app, fault);
    }
  }
}

function operate(
  world: World,
  app: App,
  {
    kind,
    pick,
  }: Extract<Timed, { pick: number; kind: 'cancel' | 'stopAll' | 'terminate' | 'purge' }>,
): void {
  const { client } = app.host;
  const active = [...app.hub.instances.values()].filter((instance) => !hasEnded(instance));
  const chosen = pickOf(kind === 'purge' ? [...app.hub.instances.values()] : active, pick);
  app.parts.agenda.unsettle();
  const done = (what: Promise<unknown>) =>
    what.catch((error: unknown) => app.warnings.push(String(error)));
  if (kind === 'stopAll') {
    for (const runId of app.activeRunIds()) note(world, kind, app.id, runId);
    void done(ask(app, stopAllHandler, {}));
    return;
  }
  if (kind === 'cancel') {
    const runId = pickOf(app.activeRunIds(), pick);
    if (runId === undefined) return;
    note(world, kind, app.id, runId);
    void done(ask(app, cancelHandler, { id: runId }));
    return;
  }
  if (chosen === undefined) return;
  note(world, kind === 'purge' && hasEnded(chosen) ? 'purgeOfEnded' : kind, app.id, chosen.id);
  if (kind === 'terminate') void done(client.terminate(chosen.id, 'by hand'));
  else purge(world, app, chosen);
}

/** The history is gone, and then its trigger comes once more. */
function purge(world: World, app: App, instance: Instance): void {
  app.hub.instances.delete(instance.id);
  const { request } = JSON.parse(instance.input) as Partial<RunInput>;
  const state = world.occurrences.find(
    (one) =>
      request !== undefined &&
      one.plan.app === app.id &&
      one.plan.workload === request.workload &&
      isStartOf(one, request.occurrence),
  );
  if (state !== undefined) app.parts.agenda.in(10 * MINUTE, () => deliver(app, state));
}

/** A request over HTTP. A refusal is an answer, too. */
async function ask(
  app: App,
  handler: typeof stopAllHandler,
  params: Readonly<Record<string, string>>,
): Promise<void> {
  const request = { params, query: new URLSearchParams(), url: 'https://app.example/api/runs' };
  const { product, client } = app.host;
  await handler(product)(request as unknown as HttpRequest, client, contextOf(app));
}

function deleteSomething(world: World, { of, pick }: Extract<Timed, { kind: 'deletion' }>): void {
  const { batch, apps } = world;
  if (of === 'staging') {
    const all = apps.flatMap((app) =>
      [...app.parts.files.containers]
        .filter(([name, { labels }]) => name.endsWith('-in') && 'nightshiftrun' in labels)
        .map(([name]) => name)
        .map((name) => ({ app, name })),
    );
    const chosen = pickOf(all, pick);
    if (chosen === undefined) return;
    note(world, 'deletion', chosen.app.id, chosen.name);
    chosen.app.parts.files.drop(chosen.name);
    return;
  }
  const things = of === 'pool' ? batch.pools : batch.jobs;
  const chosen = pickOf(
    [...things.values()].filter(({ app }) => app !== null),
    pick,
  );
  if (chosen === undefined) return;
  note(world, 'deletion', chosen.app, chosen.id);
  if (of === 'pool')
    batch.removePool(chosen as Parameters<BatchModel['removePool']>[0], 'a person');
  else batch.removeJob(chosen as Parameters<BatchModel['removeJob']>[0], 'a person');
}

/** Somebody has a thing of the name that a run is to have. */
export function plantCollision(world: World, fault: Extract<Fault, { kind: 'collision' }>): void {
  const plan = world.occurrences[fault.occurrence]?.plan;
  const app = world.apps.find(({ id }) => id === plan?.app);
  if (plan === undefined || app === undefined || plan.kind === 'blob') return;
  const occurrence: Occurrence =
    plan.kind === 'schedule'
      ? { kind: 'schedule', due: new Date(plan.at).toISOString() }
      : { kind: 'request', key: plan.key };
  const { workload } = plan;
  const instant = new Date(plan.at).toISOString();
  const owner = ownerIn(app.id);
  const runId = runIdOf({ owner, workload, occurrence, instant, attempt: 0 });
  const maker = { app: null, owner: null };
  const container = `run-${runId}-${fault.of === 'staging' ? 'in' : 'out'}`;
  const isContainer = fault.of === 'staging' || fault.of === 'outputs';
  note(world, 'collision', app.id, isContainer ? container : runId);
  if (fault.of === 'pool') world.batch.addPool(runId, maker, null);
  else if (fault.of === 'job') world.batch.addJob(runId, maker, null);
  else app.parts.files.put(container, 'precious', 'of somebody');
}

function note(world: World, kind: string, app: string | null, what: string): void {
  (world.interference as Interference[]).push({ kind, app, what, at: world.agenda.now });
}

function pickOf<Item>(items: readonly Item[], pick: number): Item | undefined {
  return items.length === 0 ? undefined : items[pick % items.length];
}
