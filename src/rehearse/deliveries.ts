import { formatError } from '../failure';
import type { Occurrence } from '../run/run';
import { startRun } from '../start-run';
import { parametersOf } from '../workload/parameters';
import type { Workload } from '../workload/workload';
import type { App } from './app';
import { MINUTE, SECOND } from './clock';
import type { OccurrencePlan } from './world';

/** Occurrences on their way into an app, with the promises that each kind of trigger makes. */

export interface OccurrenceState {
  readonly plan: OccurrencePlan;
  /**
   * `missed`: no host took it. `lost`: a function failed and nothing repeats it. `refused`: its
   * caller received an error.
   */
  status: 'waiting' | 'accepted' | 'missed' | 'lost' | 'refused' | 'neverSent';
  etag: string;
  reason: string;
}

/** Number of retries of a trigger by the platform, or by a caller that retries. */
const REPEATS = { schedule: 0, blob: 5, request: 4 } as const;
const CONTAINER = 'inbox';

export function deliver(app: App, state: OccurrenceState, attempt = 0): void {
  const { plan } = state;
  const { agenda } = app.parts;
  if (!app.isUp) {
    // A timer fires once after an outage, for the newest due time; blobs and callers wait.
    if (plan.kind === 'schedule') return missed(app, state);
    agenda.at(app.downUntil, () => deliver(app, state, attempt));
    return;
  }
  const workload = app.parts.workloads.get(plan.workload);
  if (workload === undefined) throw new Error(`the app has no workload ${plan.workload}`);
  watchOver(app, state, attempt, fire(app, workload, state, attempt));
}

function missed(app: App, state: OccurrenceState): void {
  if (state.status === 'accepted') return;
  state.status = 'missed';
  const { plan } = state;
  app.parts.agenda.at(app.downUntil, () => {
    const { newestMissed } = app;
    if (newestMissed.get(plan.workload) === state) deliver(app, state);
  });
  app.newestMissed.set(plan.workload, state);
}

function fire(
  app: App,
  workload: Workload,
  state: OccurrenceState,
  attempt: number,
): Promise<void> {
  const { plan, etag } = state;
  const { host } = app;
  switch (plan.kind) {
    case 'schedule':
      return host.fireTimer(workload, plan.at);
    case 'blob':
      return attempt < REPEATS.blob
        ? host.fireBlob(workload, CONTAINER, plan.key, etag)
        : host.firePoison(workload, CONTAINER, plan.key, etag);
    case 'request':
      return startByRequest(app, workload, plan.key);
  }
}

async function startByRequest(app: App, workload: Workload, key: string): Promise<void> {
  const { client, product } = app.host;
  await startRun(product, client, workload, {
    workload: workload.name,
    occurrence: { kind: 'request', key },
    parameters: parametersOf(workload, {}),
  });
}

/** The function ends well, throws, or is cut off with its host. */
function watchOver(app: App, state: OccurrenceState, attempt: number, call: Promise<void>): void {
  let isOver = false;
  const over = (then: () => void) => {
    if (isOver) return;
    isOver = true;
    app.deliveries.delete(cut);
    then();
  };
  const cut = () => over(() => again(app, state, attempt, 'the host died', 5 * MINUTE));
  app.deliveries.add(cut);
  app.parts.agenda.unsettle();
  call.then(
    () => over(() => accept(state)),
    (error: unknown) => over(() => again(app, state, attempt, formatError(error), 30 * SECOND)),
  );
}

function accept(state: OccurrenceState): void {
  state.status = 'accepted';
}

function again(
  app: App,
  state: OccurrenceState,
  attempt: number,
  reason: string,
  pause: number,
): void {
  const { kind } = state.plan;
  state.reason = reason;
  // The poison queue has its own repetitions.
  const most = kind === 'blob' ? 2 * REPEATS.blob : REPEATS[kind];
  if (attempt < most) {
    app.parts.agenda.in(pause, () => deliver(app, state, attempt + 1));
    return;
  }
  if (state.status !== 'accepted') state.status = kind === 'request' ? 'refused' : 'lost';
}

/** True when a run was started for this occurrence. */
export function isStartOf({ plan }: OccurrenceState, occurrence: Occurrence): boolean {
  switch (occurrence.kind) {
    case 'schedule':
      return plan.kind === 'schedule' && Date.parse(occurrence.due) === plan.at;
    case 'blob':
      return occurrence.name === plan.key;
    case 'request':
      return occurrence.key === plan.key;
    case 'after':
    case 'afterAll':
      return false;
  }
}

/** The blob is written; its event comes a little later. */
export function dropBlob(app: App, state: OccurrenceState, isLost: boolean): void {
  const { key } = state.plan;
  state.etag = app.parts.files.put(CONTAINER, key, `content of ${key}`).etag;
  if (isLost) return;
  const seconds = app.parts.hub.chance.whole(`event ${key}`, 1, 60);
  app.parts.agenda.in(seconds * SECOND, () => deliver(app, state));
}

export function changeBlob(app: App, state: OccurrenceState, to: 'deleted' | 'overwritten'): void {
  const { key } = state.plan;
  if (to === 'deleted') {
    app.parts.files.containers.get(CONTAINER)?.blobs.delete(key);
    return;
  }
  const { etag } = app.parts.files.put(CONTAINER, key, `new content of ${key}`);
  const next: OccurrenceState = { plan: state.plan, status: 'waiting', etag, reason: '' };
  app.parts.agenda.in(5 * SECOND, () => deliver(app, next));
}
