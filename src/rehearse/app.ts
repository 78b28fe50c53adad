import type { InvocationContext, Timer } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import type { App as Product } from '../app';
import { NO_OUTBOX } from '../ledger/notices';
import { ACTIVE_PARTITION } from '../ledger/keys';
import { ownerOf } from '../ledger/owner';
import { runLedgerOn } from '../ledger/run-ledger';
import { createActivities } from '../run/activities';
import type { RunInput } from '../run/run';
import { asActivity } from '../run/steps';
import { runWorkflow } from '../run/workflow';
import { blobFunctionOf, blobHandler, poisonBlobHandler } from '../triggers/blob';
import { followersStarter, waitingAdmitter } from '../triggers/follow';
import type { SchedulesInForce } from '../ledger/schedules';
import { reconcileHandler } from '../triggers/reconcile';
import { timerHandler } from '../triggers/timer';
import type { Workload, Workloads } from '../workload/workload';
import { batchPort } from './batch-port';
import type { BatchModel } from './batch-model';
import { MINUTE, SECOND, type Agenda } from './clock';
import { TaskHub, type HubParts } from './engine';
import { clientOf } from './engine-client';
import type { PortName } from './faults';
import type { FilesModel } from './files-model';
import type { HostLife } from './line';
import type { TableModel } from './table-model';

/** One deployed app of a world: its storage account, its task hub, and the host that lives and dies. */

export interface AppParts {
  readonly id: string;
  readonly agenda: Agenda;
  readonly workloads: Workloads;
  readonly batch: BatchModel;
  readonly files: FilesModel;
  readonly table: TableModel;
  readonly schedules: SchedulesInForce;
  readonly limits: Product['limits'];
  /** The port as a process of the app reaches it: calls may fail, and those of a dead process never return. */
  readonly reach: <Port extends object>(life: HostLife, name: PortName, port: Port) => Port;
  readonly readSecret: (name: string) => Promise<string>;
  readonly hub: Pick<
    HubParts,
    | 'chance'
    | 'checkpoint'
    | 'delivery'
    | 'replayShare'
    | 'timerLateness'
    | 'startLateness'
    | 'broken'
    | 'stored'
  >;
}

/** After a crash the platform needs this long to have a host again. */
const RESTART = 20 * SECOND;

export class App {
  readonly id: string;
  readonly hub: TaskHub;
  /** Input of each run at its first start, by run id. */
  readonly started = new Map<string, RunInput>();
  /** Ids that the app has asked for: each is another one, and the same in every play. */
  ids = 0;
  /** Trigger deliveries that would be cut by a crash. */
  readonly deliveries = new Set<() => void>();
  readonly startsAgain: string[] = [];
  /** Of each workload, the newest due time at which no host was up. */
  readonly newestMissed = new Map<string, object>();
  readonly warnings: string[] = [];
  downUntil = 0;
  #life: HostLife;
  #host: Host;

  constructor(readonly parts: AppParts) {
    this.id = parts.id;
    this.hub = new TaskHub({
      ...parts.hub,
      agenda: parts.agenda,
      history: parts.table.history,
      workflow: runWorkflow(parts.workloads),
      runActivity: (name, input) => this.#host.runActivity(name, input),
      upAt: () => this.downUntil,
    });
    this.#life = this.#newLife();
    this.#host = openHost(this, this.#life);
  }

  get host(): Host {
    return this.#host;
  }

  get isUp(): boolean {
    return this.downUntil <= this.parts.agenda.now;
  }

  /** The process ends, with all that it had in memory and under way. */
  crash(until = this.parts.agenda.now + RESTART): void {
    this.downUntil = Math.max(this.downUntil, until);
    this.#life.isAlive = false;
    this.#life = this.#newLife();
    this.#host = openHost(this, this.#life);
    const { agenda, hub } = this.parts;
    const pass = () => agenda.at(this.downUntil, () => this.reconcile());
    // The first pass of a new host comes before or after the messages that have waited for it.
    const isFirst = hub.chance.is(`pass ${this.downUntil}`, 0.5);
    if (isFirst) pass();
    this.hub.crash();
    for (const cut of this.deliveries) cut();
    this.deliveries.clear();
    if (!isFirst) pass();
  }

  /** One pass: every few minutes, and when a host starts. */
  reconcile(): void {
    if (!this.isUp) return;
    this.parts.agenda.unsettle();
    this.#host.reconcile().catch((error: unknown) => this.warnings.push(String(error)));
  }

  /** Runs that are not final, by the ledger. */
  activeRunIds(): readonly string[] {
    return this.parts.table.keys(ACTIVE_PARTITION).filter((key) => !key.startsWith('!'));
  }

  noteStart(instanceId: string, input: unknown): void {
    const { runId } = input as RunInput;
    if (this.started.has(runId)) this.startsAgain.push(instanceId);
    else this.started.set(runId, input as RunInput);
  }

  #newLife(): HostLife {
    const life: HostLife = {
      app: this.parts.id,
      isAlive: true,
      crash: (_, minutes) => {
        if (!life.isAlive) return;
        if (minutes === undefined) this.crash();
        else this.crash(this.parts.agenda.now + minutes * MINUTE);
      },
    };
    return life;
  }
}

/** The functions of an app, as one process has them. */
export interface Host {
  readonly product: Product;
  readonly client: DurableClient;
  runActivity(name: string, input: string): Promise<string>;
  fireTimer(workload: Workload, due: number): Promise<void>;
  fireBlob(workload: Workload, container: string, name: string, etag: string): Promise<void>;
  firePoison(workload: Workload, container: string, name: string, etag: string): Promise<void>;
  reconcile(): Promise<void>;
}

function openHost(app: App, life: HostLife): Host {
  const { parts, hub } = app;
  const bare = clientOf(hub, (instanceId, input) => app.noteStart(instanceId, input));
  const client = parts.reach(life, 'engine', bare);
  const product = productOf(app, life);
  const activities = activitiesOf(product, client);
  const reconciler = reconcileHandler(product);
  const poison = poisonBlobHandler(product);
  return {
    product,
    client,
    runActivity: async (name, input) => {
      const activity = activities.get(name);
      if (activity === undefined) throw new Error(`no activity is called ${name}`);
      return JSON.stringify(await activity(JSON.parse(input)));
    },
    fireTimer: (workload, due) =>
      timerHandler(product, workload)(timerAt(due), client, contextOf(app)),
    fireBlob: (workload, container, name, eTag) => {
      const triggerMetadata = { blobTrigger: `${container}/${name}`, properties: { eTag } };
      return blobHandler(product, workload)(null, client, contextOf(app, triggerMetadata));
    },
    firePoison: (workload, ContainerName, BlobName, ETag) => {
      const FunctionId = `Host.Functions.${blobFunctionOf(workload)}`;
      return poison({ FunctionId, ContainerName, BlobName, ETag }, client, contextOf(app));
    },
    reconcile: () => reconciler(timerAt(parts.agenda.now), client, contextOf(app)),
  };
}

function activitiesOf(product: Product, client: DurableClient) {
  const ledger = runLedgerOn(product.table);
  const activities = Object.entries({
    ...createActivities({ ...product, ledger, programsFolder: '/none', warn: () => undefined }),
    startFollowers: followersStarter(product, client),
    admitWaiting: waitingAdmitter(product, client),
  });
  return new Map(activities.map(([name, activity]) => [name, asActivity<unknown>(activity)]));
}

/** The app as its functions have it, with ports that may fail. */
function productOf(app: App, life: HostLife): Product {
  const { parts } = app;
  const { reach, id } = parts;
  const batch = batchPort(parts.batch, id);
  const files = reach(life, 'files', parts.files);
  const table = reach(life, 'table', parts.table);
  let owner: Promise<string> | undefined;
  return {
    batch: reach(life, 'batch', batch),
    files,
    table,
    secrets: { read: parts.readSecret },
    workloads: parts.workloads,
    schedules: parts.schedules,
    limits: parts.limits,
    about: { name: 'rehearsal', environment: null, currency: 'USD' },
    owner: () => {
      owner ??= ownerOf(files, table, 'hub', () => ownerIn(id)).catch((error: unknown) => {
        owner = undefined;
        throw error;
      });
      return owner;
    },
    now: () => new Date(parts.agenda.now),
    storageNow: () => new Date(parts.agenda.now),
    newId: () => `${id}-${(app.ids += 1)}`,
    announce: () => undefined,
    outbox: NO_OUTBOX,
  };
}

/** The mark of an app of a world. */
export function ownerIn(appId: string): string {
  return `owner-of-${appId}`;
}

function timerAt(due: number): Timer {
  const next = new Date(due).toISOString();
  return {
    isPastDue: false,
    scheduleStatus: { next, last: next, lastUpdated: next },
  } as unknown as Timer;
}

export function contextOf(
  app: App,
  triggerMetadata: Record<string, unknown> = {},
): InvocationContext {
  const context = {
    invocationId: 'invocation',
    triggerMetadata,
    log: () => {},
    warn: (text: string) => app.warnings.push(text),
    error: (text: string) => app.warnings.push(text),
  };
  return context as unknown as InvocationContext;
}
