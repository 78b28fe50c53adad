import type { SchedulesInForce } from '../ledger/schedules';
import type { Workloads } from '../workload/workload';
import { App } from './app';
import { BatchModel } from './batch-model';
import { catalogue, MANIFEST, SECRET, SHARED_POOL } from './catalogue';
import { Chance } from './chance';
import { Agenda, HOUR, MINUTE } from './clock';
import { deliver, dropBlob, type OccurrenceState } from './deliveries';
import { hasEnded } from './engine';
import { endOf, type Fault } from './faults';
import { FilesModel, SIGNATURE } from './files-model';
import { History } from './history';
import { Line, onLine } from './line';
import { interfere, plantCollision, type Interference } from './interference';
import { withoutStacks } from './stacks';
import { TableModel } from './table-model';
import { Trace } from './trace';
import { START, type AppPlan, type OccurrencePlan, type WorldPlan } from './world';

/** Plays a world from its first occurrence to long after its last fault. */

export interface Played {
  readonly plan: WorldPlan;
  readonly apps: readonly App[];
  readonly batch: BatchModel;
  readonly agenda: Agenda;
  readonly trace: Trace;
  readonly occurrences: readonly OccurrenceState[];
  /** Violations that the driver itself observed: a replay that differs, a history that is too long, a secret. */
  readonly broken: readonly Broken[];
  /** Acts of persons and of other owners. */
  readonly interference: readonly Interference[];
  /** Faults of single calls that came about. */
  readonly hits: readonly string[];
}

export interface Broken {
  readonly rule: string;
  readonly detail: string;
}

/** After the last fault: the longest deadline, what a repair waits for after it, and its bound. */
const AFTER = 6 * HOUR + 32 * HOUR + 6 * HOUR;
/** Turns whose generator is replayed, so that a decision that a replay makes differently is found. */
const REPLAY_SHARE = 0.03;
/** From the due time of an occurrence on, its lost trigger may be found. */
const NEAR = 30 * MINUTE;
/** While nothing of an app is under way, only every sixth pass is made: most would find nothing. */
const IDLE_PASSES = 6;
/** Passes of every app in a world where nothing is under way, before the world is over. */
const QUIET_PASSES = 3;

export async function play(plan: WorldPlan, keepsLines = false): Promise<Played> {
  // Only from within a microtask do ticks come after all other microtasks.
  await Promise.resolve();
  return keepsLines
    ? playWorld(plan, keepsLines)
    : withoutStacks(() => playWorld(plan, keepsLines));
}

async function playWorld(plan: WorldPlan, keepsLines: boolean): Promise<Played> {
  const world = openWorld(plan, new Trace(keepsLines));
  if (plan.apps.some(({ workloads }) => workloads.includes('guest'))) plantSharedPool(world.batch);
  for (const fault of plan.faults) arrange(world, fault);
  for (const state of world.occurrences) send(world, state);
  const last = lastEffectOf(plan);
  for (const app of world.apps) reconcileOften(world, app, last);
  await runToQuiet(world, last);
  return world;
}

function openWorld(plan: WorldPlan, trace: Trace): Played {
  const { faults, weather, slowCalls, slowSeconds } = plan;
  const agenda = new Agenda(START - 10 * MINUTE);
  const chance = new Chance(plan.seed);
  const broken: Broken[] = [];
  const storage = new Map(plan.apps.map(({ id }) => [id, new FilesModel(id, agenda)]));
  const shortages = faults.filter((fault) => fault.kind === 'shortage');
  const manifests = { tiles: MANIFEST };
  const batch = new BatchModel({ agenda, chance, weather, shortages, storage, manifests });
  const line = new Line({
    agenda,
    chance,
    trace,
    faults,
    from: START,
    slowCalls,
    slowSeconds,
    broken: (rule, detail) => broken.push({ rule, detail }),
  });
  const stand: Stand = { plan, agenda, chance, trace, batch, line, storage, broken };
  return {
    plan,
    apps: plan.apps.map((app) => openApp(stand, app)),
    batch,
    agenda,
    trace,
    occurrences: plan.occurrences.map(waiting),
    broken,
    interference: [],
    hits: line.hits,
  };
}

function waiting(plan: OccurrencePlan): OccurrenceState {
  return { plan, status: 'waiting', etag: '', reason: '' };
}

interface Stand {
  readonly plan: WorldPlan;
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly trace: Trace;
  readonly batch: BatchModel;
  readonly line: Line;
  readonly storage: ReadonlyMap<string, FilesModel>;
  readonly broken: Broken[];
}

function openApp(stand: Stand, { id, workloads: names, crons, limits }: AppPlan): App {
  const { plan, agenda, chance, batch, line, storage, broken } = stand;
  const files = storage.get(id);
  if (files === undefined) throw new Error(`app ${id} has no storage`);
  const workloads = new Map([...catalogue].filter(([name]) => names.includes(name)));
  const app: App = new App({
    id,
    agenda,
    workloads,
    batch,
    files,
    table: new TableModel(new History(agenda)),
    schedules: schedulesOf(workloads, crons),
    limits: { ...limits, monthlyNodeMinutes: null, monthlyCost: null },
    reach: (life, name, port) => onLine(line, life, name, port),
    readSecret: async (name) => `${SECRET}-${name}`,
    hub: {
      chance,
      ...engineFaults(stand, id, () => app.crash()),
      replayShare: REPLAY_SHARE,
      timerLateness: () => latenessAt('lateTimers', plan.faults, agenda.now),
      startLateness: () => latenessAt('lateStarts', plan.faults, agenda.now),
      broken: (rule, detail) => broken.push({ rule, detail }),
      stored: (what, text) => {
        if (!text.includes(SECRET) && !text.includes(SIGNATURE)) return;
        broken.push({ rule: 'secret', detail: `${what} holds a secret` });
      },
    },
  });
  return app;
}

/** The schedules of a world, in the zone of its clock. */
function schedulesOf(
  workloads: Workloads,
  crons: Readonly<Record<string, string>>,
): SchedulesInForce {
  return Object.fromEntries(
    Object.entries(crons).map(([workload, cron]) => {
      const catchUp = workloads.get(workload)?.triggers.schedule?.[0]?.catchUp ?? 'last';
      return [workload, [{ workload, index: 0, cron, timeZone: 'Etc/UTC', catchUp }]];
    }),
  );
}

/** Of an app's turns and deliveries, those that its faults count. */
function engineFaults({ plan, agenda, trace }: Stand, app: string, crash: () => void) {
  let turns = 0;
  let deliveries = 0;
  return {
    checkpoint: () => {
      turns += 1;
      const fault = plan.faults.find((one) => one.kind === 'checkpoint' && one.nth === turns);
      if (fault?.kind !== 'checkpoint') return 'stored';
      if (fault.effect === 'lost') crash();
      return fault.effect;
    },
    delivery: (name: string) => {
      deliveries += 1;
      trace.note(agenda.now, `${app} ${name}`);
      const fault = plan.faults.find((one) => one.kind === 'twice' && one.nth === deliveries);
      return fault?.kind === 'twice' ? fault.minutes * MINUTE : null;
    },
  } as const;
}

function latenessAt(
  kind: 'lateTimers' | 'lateStarts',
  faults: readonly Fault[],
  now: number,
): number {
  let late = 0;
  for (const fault of faults) {
    if (fault.kind !== kind || now < fault.from || now >= fault.until) continue;
    late = Math.max(late, fault.minutes * MINUTE);
  }
  return late;
}

function plantSharedPool(batch: BatchModel): void {
  const pool = batch.addPool(SHARED_POOL, { app: null, owner: null }, null);
  const formula = '$TargetDedicatedNodes = 2;\n$NodeDeallocationOption = taskcompletion;';
  batch.changeFormula(pool, formula);
}

function send(world: Played, state: OccurrenceState): void {
  const { plan } = state;
  const app = world.apps.find(({ id }) => id === plan.app);
  if (app === undefined) throw new Error(`there is no app ${plan.app}`);
  const index = world.occurrences.indexOf(state);
  const isLost = world.plan.faults.some(
    (fault) => fault.kind === 'lostTrigger' && fault.occurrence === index,
  );
  world.agenda.at(plan.at, () => {
    if (plan.kind === 'blob') dropBlob(app, state, isLost);
    else if (!isLost) deliver(app, state);
    else if (plan.kind === 'schedule') state.status = 'missed';
    else state.status = 'neverSent';
  });
}

/** Faults with a time or an occurrence; those of single calls and the engine are asked for as they come. */
function arrange(world: Played, fault: Fault): void {
  const { agenda, batch, apps, occurrences } = world;
  switch (fault.kind) {
    case 'eviction':
      agenda.at(fault.at, () => batch.evictShare(`evict ${fault.at}`, fault.share));
      return;
    case 'hostDown':
      for (const app of apps) agenda.at(fault.from, () => app.crash(fault.until));
      return;
    case 'cancel':
    case 'stopAll':
    case 'terminate':
    case 'purge':
    case 'deletion':
      agenda.at(fault.at, () => interfere(world, fault));
      return;
    case 'collision':
      plantCollision(world, fault);
      return;
    case 'repeatedTrigger': {
      const state = occurrences[fault.occurrence];
      const app = apps.find(({ id }) => id === state?.plan.app);
      if (state === undefined || app === undefined) return;
      // Seconds after the event itself, which comes a minute after its blob at the latest.
      agenda.at(state.plan.at + MINUTE + 1 + fault.after, () => {
        if (state.plan.kind !== 'blob' || state.etag !== '') deliver(app, state);
      });
      return;
    }
    case 'blobChanged':
      agenda.at((occurrences[fault.occurrence]?.plan.at ?? 0) + 1 + fault.after, () =>
        interfere(world, fault),
      );
      return;
    default:
  }
}

function reconcileOften(world: Played, app: App, last: number): void {
  const { agenda } = app.parts;
  const between = world.plan.passMinutes * MINUTE;
  const tick = (pass: number) => {
    agenda.at(START - 10 * MINUTE + pass * between, () => {
      tick(pass + 1);
      if (pass % IDLE_PASSES > 0 && agenda.now < last && isIdle(world, app)) return;
      app.reconcile();
    });
  };
  tick(0);
}

/** Until nothing has been under way for some passes of the reconciler, or time is up. */
async function runToQuiet(world: Played, last: number): Promise<void> {
  const { agenda, plan } = world;
  let quietFor = 0;
  const check = (at: number) => {
    agenda.at(at, () => {
      quietFor = isQuiet(world) ? quietFor + 1 : 0;
      check(at + plan.passMinutes * MINUTE);
    });
  };
  check(Math.max(START + 30 * MINUTE, last));
  await agenda.runUntil(last + AFTER, () => quietFor > QUIET_PASSES);
}

/** Time from which nothing new happens to a world. */
function lastEffectOf(plan: WorldPlan): number {
  const last = Math.max(
    START,
    ...plan.occurrences.map(({ at }) => at + HOUR),
    ...plan.faults.map((fault) => endOf(fault, plan.occurrences)),
  );
  return last + outagesFromCalls(plan);
}

/** Nobody knows when a fault that begins with a call or a start begins, but how long it is. */
function outagesFromCalls({ faults }: WorldPlan): number {
  return faults.reduce((sum, fault) => sum + (isFrom(fault) ? fault.minutes * MINUTE : 0), 0);
}

function isFrom(fault: Fault): fault is Extract<Fault, { readonly minutes: number }> {
  return 'minutes' in fault && fault.kind !== 'lateTimers';
}

function isQuiet({ apps, batch }: Played): boolean {
  return apps.every((app) => isDone(app)) && !holdsResources(batch, () => true);
}

/** Nothing of this app is under way, and none of its occurrences is or was due about now. */
function isIdle({ plan, batch, agenda }: Played, app: App): boolean {
  const isNear = plan.occurrences.some(({ at }) => Math.abs(at - agenda.now) < NEAR);
  return !isNear && isDone(app) && !holdsResources(batch, (id) => id === app.id);
}

function isDone(app: App): boolean {
  for (const instance of app.hub.instances.values()) if (!hasEnded(instance)) return false;
  return app.deliveries.size === 0 && app.activeRunIds().length === 0;
}

function holdsResources({ jobs, pools }: BatchModel, isOf: (app: string) => boolean): boolean {
  for (const { app } of jobs.values()) if (app !== null && isOf(app)) return true;
  for (const { app, spec } of pools.values()) {
    if (app !== null && isOf(app) && (spec?.retainedUntil ?? null) === null) return true;
  }
  return false;
}
