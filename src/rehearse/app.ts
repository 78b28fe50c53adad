import type { InvocationContext, Timer } from '@azure/functions';
import type { DurableClient } from 'durable-functions';
import { createActivities } from '../run/activities';
import type { Ports } from '../run/ports';
import type { RunInput } from '../run/run';
import { asActivity } from '../run/steps';
import { runWorkflow } from '../run/workflow';
import { blobFunctionOf, blobHandler, poisonBlobHandler } from '../triggers/blob';
import { followersStarter } from '../triggers/follow';
import { reaperHandler } from '../triggers/reap';
import { timerHandler } from '../triggers/timer';
import type { Workload, Workloads } from '../workload/workload';
import { batchPort } from './batch-port';
import type { BatchModel } from './batch-model';
import { SECRET } from './catalogue';
import { SECOND, type Agenda } from './clock';
import { TaskHub, type HubParts } from './engine';
import { clientOf } from './engine-client';
import type { FilesModel } from './files-model';
import { methodsOf, onLine, type HostLife, type Line } from './line';

/** One deployed app of a world: its storage account, its task hub, and the host that lives and dies. */

export interface AppParts {
  readonly id: string;
  readonly agenda: Agenda;
  readonly workloads: Workloads;
  readonly batch: BatchModel;
  readonly files: FilesModel;
  readonly line: Line;
  readonly hub: Pick<
    HubParts,
    'chance' | 'checkpoint' | 'delivery' | 'timerLateness' | 'broken' | 'stored'
  >;
}

/** After a crash the platform needs this long to have a host again. */
const RESTART = 20 * SECOND;

const FILES_METHODS = [
  'makeContainer',
  'removeContainer',
  'listContainers',
  'list',
  'find',
  'readText',
  'writeText',
  'claim',
  'remove',
  'copy',
  'upload',
  'readUrl',
  'mountAccess',
  'writeUrl',
];

export class App {
  readonly id: string;
  readonly hub: TaskHub;
  /** What each run was started for, the first time. */
  readonly started = new Map<string, RunInput>();
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
    this.hub.crash();
    for (const cut of this.deliveries) cut();
    this.deliveries.clear();
  }

  noteStart(runId: string, input: unknown): void {
    if (this.started.has(runId)) this.startsAgain.push(runId);
    else this.started.set(runId, input as RunInput);
  }

  #newLife(): HostLife {
    const life: HostLife = {
      app: this.parts.id,
      isAlive: true,
      crash: () => {
        if (life.isAlive) this.crash();
      },
    };
    return life;
  }
}

/** The functions of an app, as one process has them. */
export interface Host {
  readonly ports: Ports;
  readonly client: DurableClient;
  runActivity(name: string, input: string): Promise<string>;
  fireTimer(workload: Workload, due: number): Promise<void>;
  fireBlob(workload: Workload, container: string, name: string, etag: string): Promise<void>;
  firePoison(workload: Workload, container: string, name: string, etag: string): Promise<void>;
  reap(): Promise<void>;
}

function openHost(app: App, life: HostLife): Host {
  const { parts, hub } = app;
  const { line, workloads } = parts;
  const batch = batchPort(parts.batch, parts.id);
  const bare = clientOf(hub, (runId, input) => app.noteStart(runId, input));
  const client = onLine(line, life, 'engine', bare, methodsOf(bare));
  const ports: Ports = {
    batch: onLine(line, life, 'batch', batch, methodsOf(batch)),
    files: onLine(line, life, 'files', parts.files, FILES_METHODS),
    secrets: { read: async (name) => `${SECRET}-${name}` },
  };
  const activities: Record<string, (input: never) => Promise<unknown>> = {
    ...createActivities({ ...ports, workloads, programsFolder: '/none' }),
    startFollowers: followersStarter({ client, files: ports.files }, workloads),
  };
  const reaper = reaperHandler({ ...ports, workloads }, () => new Date(parts.agenda.now));
  const poison = poisonBlobHandler(ports, workloads);
  return {
    ports,
    client,
    runActivity: async (name, input) => {
      const activity = activities[name];
      if (activity === undefined) throw new Error(`no activity is called ${name}`);
      return JSON.stringify(await asActivity(activity)(JSON.parse(input)));
    },
    fireTimer: (workload, due) =>
      timerHandler(ports, workload)(timerAt(due), client, contextOf(app)),
    fireBlob: (workload, container, name, eTag) => {
      const triggerMetadata = { blobTrigger: `${container}/${name}`, properties: { eTag } };
      return blobHandler(ports, workload)(null, client, contextOf(app, triggerMetadata));
    },
    firePoison: (workload, ContainerName, BlobName, ETag) => {
      const FunctionId = `Host.Functions.${blobFunctionOf(workload)}`;
      return poison({ FunctionId, ContainerName, BlobName, ETag }, client, contextOf(app));
    },
    reap: () => reaper(timerAt(parts.agenda.now), client, contextOf(app)),
  };
}

function timerAt(due: number): Timer {
  const next = new Date(due).toISOString();
  return {
    isPastDue: false,
    scheduleStatus: { next, last: next, lastUpdated: next },
  } as unknown as Timer;
}

function contextOf(app: App, triggerMetadata: Record<string, unknown> = {}): InvocationContext {
  const context = {
    invocationId: 'invocation',
    triggerMetadata,
    log: () => {},
    warn: (text: string) => app.warnings.push(text),
    error: (text: string) => app.warnings.push(text),
  };
  return context as unknown as InvocationContext;
}
