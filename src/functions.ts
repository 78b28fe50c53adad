import { randomUUID } from 'node:crypto';
import type { App } from './app';
import { ownerOf } from './ledger/owner';
import { runLedgerOn } from './ledger/run-ledger';
import { commonDueWarnings, scheduleWarningsOf } from './ledger/schedule-warnings';
import type { Outbox } from './ledger/notices';
import type { Table } from './ledger/table';
import type { Ports } from './run/ports';
import { admitHandler } from './triggers/follow';
import { reconcileHandler } from './triggers/reconcile';
import { existsSync } from 'node:fs';
import { app as host } from '@azure/functions';
import { ResourceFactoryResolver } from '@azure/functions-extensions-base';
import * as df from 'durable-functions';
import { connect } from './azure/connect';
import { describeSettings } from './describe-settings';
import { Failure } from './failure';
import { FORMER_ORCHESTRATION, formerWorkflow } from './former-version';
import { logEnding, logLine, noteInvocations } from './log-endings';
import { withLog } from './notify/log-target';
import { outboxOf } from './notify/outbox';
import { telemetryOf } from './telemetry/telemetry';
import { followHandler } from './triggers/follow';
import { cancelHandler, listHandler, showHandler, startHandler } from './api/runs';
import { blobFunctionOf, blobHandler, BLOB_POISON_QUEUE, poisonBlobHandler } from './triggers/blob';
import { consoleHandler } from './api/console';
import { latestRunHandler, outputsHandler } from './api/outputs';
import {
  backfillHandler,
  backfillShowHandler,
  backfillsHandler,
  backfillStopHandler,
} from './api/backfills';
import { costsHandler } from './api/costs';
import { openApiHandler } from './api/openapi-document';
import { overviewHandler } from './api/overview';
import { pauseHandler, resumeHandler } from './api/pauses';
import { notifyTestHandler } from './api/notices';
import { planHandler } from './api/plans';
import { linkHandler, previewHandler } from './api/previews';
import { nodeLogHandler, nodesHandler, taskLogHandler } from './api/logs';
import { tasksHandler } from './api/tasks';
import { retryHandler } from './api/retries';
import { workloadHandler } from './api/workload-detail';
import { workloadsHandler } from './api/workloads';
import { createActivities } from './run/activities';
import { withNodes } from './workload/node-defaults';
import { asActivity } from './run/steps';
import { overlapPolicy, type WorkloadDeclaration, type Workloads } from './workload/workload';
import { warningsOf } from './workload/checks/warnings';
import { RUN_ORCHESTRATION, runWorkflow } from './run/workflow';
import { readSettings, type Settings } from './settings';
import { stopAllHandler } from './api/stop-all';
import { checkWorkloads } from './workload/check-workloads';
import { timerHandler } from './triggers/timer';
import { timerCronOf } from './triggers/timer-cron';
import type { ActivityContext } from './run/activity-context';
import { programsOf, programPath, sourceOf } from './workload/programs';

/** Everything that the app consists of in addition to its code. */
export interface AppParts {
  readonly workloads: readonly WorkloadDeclaration[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder of the compiled workloads: `<folder>/<workload>/programs/<file>`. */
  readonly programsFolder: string;
  /** The folder of the static files of the console. */
  readonly consoleFolder: string;
}

/** The app on one screen: every function's name, trigger and route. */
export function registerApp(parts: AppParts): void {
  const { programsFolder } = parts;
  const declared = checkWorkloads(parts.workloads);
  const settings = readSettings(parts.environment, declared);
  const workloads = withNodes(declared, settings.nodes);
  const ports = connect(settings);
  checkPrograms(workloads, programsFolder);
  for (const line of describeSettings(settings, workloads)) console.info(line);
  const now = clockOf(settings)();
  const { schedules } = settings;
  for (const workload of workloads.values()) {
    const { name, overlap } = workload;
    for (const warning of [
      ...warningsOf(workload),
      ...scheduleWarningsOf(schedules[name] ?? [], overlapPolicy(overlap).overlap, now),
      ...commonDueWarnings({ workloads, schedules }, name, now),
    ])
      console.warn(`${name}: ${warning}`);
  }
  const app = appOf(ports, workloads, settings);
  noteInvocations();
  registerRoutes(app, settings);
  registerConsole(parts);
  registerTriggers(app, settings);
  registerRuns(app, programsFolder);
}

function appOf(
  ports: Ports & { readonly table: Table },
  workloads: Workloads,
  settings: Settings,
): App {
  const owner = ownerOnce(ports, settings);
  const now = clockOf(settings);
  const realNow = () => new Date();
  const telemetry = telemetryOf({
    collector: settings.collector,
    about: settings.about,
    instanceId: randomUUID(),
    files: ports.files,
    timeoutMs: TELEMETRY_TIMEOUT_MS,
    timeout: () => AbortSignal.timeout(TELEMETRY_TIMEOUT_MS),
    warn: (message) => logLine({ level: 'warn', message }),
  });
  return {
    ...ports,
    workloads,
    schedules: settings.schedules,
    limits: settings.sums,
    about: settings.about,
    owner,
    now,
    storageNow: realNow,
    newId: randomUUID,
    announce: (row) => {
      logEnding(row);
      return telemetry.exportEnd(row);
    },
    outbox: withLog(telemetry.counting(outboxOn({ ports, workloads, settings, owner })), logLine),
  };
}

interface OutboxParts {
  readonly ports: Ports;
  readonly workloads: Workloads;
  readonly settings: Settings;
  readonly owner: () => Promise<string>;
}

function outboxOn({ ports, workloads, settings, owner }: OutboxParts): Outbox {
  return outboxOf({
    secrets: ports.secrets,
    workloads,
    appTargets: settings.notify,
    owner,
    now: clockOf(settings),
    realNow: () => new Date(),
    timeout: () => AbortSignal.timeout(NOTICE_TIMEOUT_MS),
    log: logLine,
  });
}

/** For one attempt to deliver a notice. */
const NOTICE_TIMEOUT_MS = 10_000;
/** For one export, by which an end may be delayed. */
const TELEMETRY_TIMEOUT_MS = 5_000;

function registerRoutes(app: App, { limits }: Settings): void {
  const routes = [
    ['runs-start', 'POST', 'runs/{workload}', startHandler(app)],
    ['runs-list', 'GET', 'runs', listHandler(app)],
    ['runs-show', 'GET', 'runs/{id}', showHandler(app)],
    ['runs-cancel', 'DELETE', 'runs/{id}', cancelHandler(app)],
    ['runs-retry', 'POST', 'runs/{id}/retry', retryHandler(app)],
    ['runs-stop', 'DELETE', 'runs', stopAllHandler(app)],
    ['plans-make', 'POST', 'plans/{workload}', planHandler(app, limits)],
    ['workloads-list', 'GET', 'workloads', workloadsHandler(app)],
    ['workloads-show', 'GET', 'workloads/{workload}', workloadHandler(app)],
    ['overview', 'GET', 'overview', overviewHandler(app)],
    ['costs', 'GET', 'costs', costsHandler(app)],
    ['workloads-pause', 'POST', 'workloads/{workload}/pause', pauseHandler(app)],
    ['workloads-resume', 'POST', 'workloads/{workload}/resume', resumeHandler(app)],
    ['pause', 'POST', 'pause', pauseHandler(app)],
    ['resume', 'POST', 'resume', resumeHandler(app)],
    ['backfills-start', 'POST', 'workloads/{workload}/backfill', backfillHandler(app)],
    ['backfills-list', 'GET', 'backfills', backfillsHandler(app)],
    ['backfills-show', 'GET', 'backfills/{id}', backfillShowHandler(app)],
    ['backfills-stop', 'DELETE', 'backfills/{id}', backfillStopHandler(app)],
    ['runs-latest', 'GET', 'workloads/{workload}/latest', latestRunHandler(app)],
    ['outputs', 'GET', 'runs/{id}/outputs/{*name}', outputsHandler(app)],
    ['notify-test', 'POST', 'notify/test', notifyTestHandler(app)],
    ['tasks-list', 'GET', 'runs/{id}/tasks', tasksHandler(app)],
    ['tasks-log', 'GET', 'runs/{id}/tasks/{task}/logs/{log}', taskLogHandler(app)],
    ['nodes-list', 'GET', 'runs/{id}/nodes', nodesHandler(app)],
    ['nodes-log', 'GET', 'runs/{id}/nodes/{node}/logs/{log}', nodeLogHandler(app)],
    ['previews', 'GET', 'runs/{id}/previews/{*name}', previewHandler(app)],
    ['output-links', 'GET', 'runs/{id}/links/{*name}', linkHandler(app)],
    ['openapi', 'GET', 'openapi.json', openApiHandler(app)],
  ] as const;
  for (const [name, method, route, handler] of routes) {
    df.app.client.http(name, { authLevel: 'function', methods: [method], route, handler });
  }
}

/** Static files without data, the one function without a key: a browser cannot send it with its first request. */
function registerConsole({ consoleFolder }: AppParts): void {
  const handler = consoleHandler(consoleFolder);
  host.http('console', {
    authLevel: 'anonymous',
    methods: ['GET'],
    route: 'console/{*path}',
    handler,
  });
}

function registerTriggers(app: App, settings: Settings): void {
  const connection = 'AzureWebJobsStorage';
  const all = [...app.workloads.values()];
  for (const workload of all) {
    const schedules = settings.schedules[workload.name] ?? [];
    for (const schedule of schedules) {
      const { index } = schedule;
      df.app.client.timer(`${workload.name}-timer${index === 0 ? '' : `-${index + 1}`}`, {
        schedule: timerCronOf(schedule, settings.timeZone, app.now()),
        handler: timerHandler(app, workload),
      });
    }
    if (workload.triggers.blob !== undefined) {
      df.app.client.storageBlob(blobFunctionOf(workload), {
        path: `${workload.triggers.blob.container}/{name}`,
        connection,
        source: settings.blobTriggerSource,
        sdkBinding: true,
        handler: blobHandler(app, workload),
      });
    }
  }
  if (all.some(({ triggers }) => triggers.blob !== undefined)) {
    passBlobsByAddress();
    df.app.client.storageQueue('blob-poison', {
      queueName: BLOB_POISON_QUEUE,
      connection,
      handler: poisonBlobHandler(app),
    });
  }
  const { reconcileSchedule: cron, timeZone } = settings;
  df.app.client.timer('reconcile', {
    schedule: timerCronOf({ cron, timeZone }, timeZone, app.now()),
    runOnStartup: true,
    handler: reconcileHandler(app),
  });
}

/**
 * A new blob is only an event for this app, whatever its size. The host would load the whole blob
 * into memory, except for bindings with their own clients (`sdkBinding`), which receive its address:
 * https://github.com/Azure/azure-functions-python-worker/issues/1486. The app does not use the
 * address either, since the metadata of the trigger names the blob.
 */
function passBlobsByAddress(): void {
  const clients = ResourceFactoryResolver.getInstance();
  if (!clients.hasResourceFactory(BLOB_CLIENTS)) {
    clients.registerResourceFactory(BLOB_CLIENTS, () => null);
  }
}

/** The name of blob clients in the host's storage extension. */
const BLOB_CLIENTS = 'AzureStorageBlobs';

function registerRuns(app: App, programsFolder: string): void {
  const context: ActivityContext = {
    ...app,
    ledger: runLedgerOn(app.table, app.announce, app.outbox),
    programsFolder,
    warn: (message) => logLine({ level: 'warn', message }),
  };
  const extraInputs = [df.input.durableClient()];
  df.app.orchestration(FORMER_ORCHESTRATION, formerWorkflow);
  df.app.orchestration(RUN_ORCHESTRATION, runWorkflow(app.workloads));
  df.app.activity('startFollowers', { extraInputs, handler: followHandler(app) });
  df.app.activity('admitWaiting', { extraInputs, handler: admitHandler(app) });
  for (const [name, activity] of Object.entries(createActivities(context))) {
    df.app.activity(name, { handler: asActivity<unknown>(activity) });
  }
}

function clockOf({ clockPace }: Settings): () => Date {
  if (clockPace === null) return () => new Date();
  const { realEpoch, clockEpoch, speed } = clockPace;
  return () => new Date(clockEpoch + (new Date().getTime() - realEpoch) * speed);
}

/** The owner id is asked for once; a failure is asked again. */
function ownerOnce(ports: Ports & { readonly table: Table }, { taskHub }: Settings) {
  let owner: Promise<string> | undefined;
  return (): Promise<string> => {
    owner ??= ownerOf(ports.files, ports.table, taskHub, randomUUID).catch((error: unknown) => {
      owner = undefined;
      throw error;
    });
    return owner;
  };
}

/**
 * Checks that every program exists, rather than to fail when a run is due.
 * @throws Failure programMissing with every program that is missing
 */
function checkPrograms(all: Workloads, programsFolder: string): void {
  const missing = [...all.values()].flatMap((workload) =>
    programsOf(workload)
      .filter((program) => !existsSync(programPath(programsFolder, workload.name, program)))
      .map((program) => sourceOf(workload.name, program)),
  );
  if (missing.length === 0) return;
  throw new Failure(
    'programMissing',
    `programs of workloads are missing:\n  ${missing.join('\n  ')}`,
  );
}
