import { existsSync } from 'node:fs';
import * as df from 'durable-functions';
import { connect } from './azure/connect';
import { describeSettings } from './describe-settings';
import { Failure } from './failure';
import { followHandler } from './follow';
import { cancelHandler, listHandler, showHandler, startHandler } from './http';
import {
  blobFunctionOf,
  blobHandler,
  GIVEN_UP_QUEUE,
  givenUpHandler,
  tidyHandler,
  timerHandler,
} from './intake';
import { fetchOutputHandler, latestRunHandler, listOutputsHandler } from './outputs';
import { planHandler } from './plans';
import { createActivities } from './run/activities';
import { withNodes } from './run/nodes';
import { answering } from './run/steps';
import { programPath, programsOf } from './run/tools';
import { checkWorkloads, type WorkloadDeclaration, type Workloads } from './run/workload';
import { warningsOf } from './run/warnings';
import { RUN_ORCHESTRATION, runWorkflow } from './run/workflow';
import { readSettings } from './settings';
import { stopAllHandler } from './stop';

/** What the app is made of besides its code. */
export interface AppParts {
  readonly workloads: readonly WorkloadDeclaration[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The folder of the compiled workloads: `<folder>/<workload>/programs/<file>`. */
  readonly programsFolder: string;
}

/** The app on one screen: every function's name, trigger and route. */
// oxlint-disable-next-line eslint/max-lines-per-function -- a table: one entry for each function
export function registerApp(parts: AppParts): void {
  const { programsFolder } = parts;
  const declared = checkWorkloads(parts.workloads);
  const settings = readSettings(parts.environment, declared);
  const workloads = withNodes(declared, settings.nodes);
  const ports = connect(settings);
  checkPrograms(workloads, programsFolder);
  for (const line of describeSettings(settings, workloads)) console.info(line);
  for (const workload of workloads.values()) {
    for (const warning of warningsOf(workload)) console.warn(`${workload.name}: ${warning}`);
  }

  const api = { ports, workloads };
  const http = { authLevel: 'function' } as const;
  df.app.client.http('runs-start', {
    ...http,
    route: 'runs/{workload}',
    methods: ['POST'],
    handler: startHandler(api),
  });
  df.app.client.http('runs-list', {
    ...http,
    route: 'runs',
    methods: ['GET'],
    handler: listHandler(api),
  });
  df.app.client.http('runs-show', {
    ...http,
    route: 'runs/{id}',
    methods: ['GET'],
    handler: showHandler(api),
  });
  df.app.client.http('runs-cancel', {
    ...http,
    route: 'runs/{id}',
    methods: ['DELETE'],
    handler: cancelHandler(api),
  });
  df.app.client.http('runs-stop', {
    ...http,
    route: 'runs',
    methods: ['DELETE'],
    handler: stopAllHandler(api),
  });
  df.app.client.http('plans-make', {
    ...http,
    route: 'plans/{workload}',
    methods: ['POST'],
    handler: planHandler(api, settings.limits, () => new Date()),
  });
  df.app.client.http('runs-latest', {
    ...http,
    route: 'workloads/{workload}/latest',
    methods: ['GET'],
    handler: latestRunHandler(api),
  });
  df.app.client.http('outputs-list', {
    ...http,
    route: 'runs/{id}/outputs',
    methods: ['GET'],
    handler: listOutputsHandler(api),
  });
  df.app.client.http('outputs-fetch', {
    ...http,
    route: 'runs/{id}/outputs/{*name}',
    methods: ['GET'],
    handler: fetchOutputHandler(api),
  });

  for (const workload of workloads.values()) {
    const schedule = settings.schedules[workload.name];
    if (schedule !== undefined) {
      df.app.client.timer(`${workload.name}-timer`, {
        schedule,
        handler: timerHandler(ports, workload),
      });
    }
    if (workload.triggers.blob !== undefined) {
      df.app.client.storageBlob(blobFunctionOf(workload), {
        path: `${workload.triggers.blob.container}/{name}`,
        connection: 'AzureWebJobsStorage',
        source: settings.blobTriggerSource,
        handler: blobHandler(ports, workload),
      });
    }
  }
  if ([...workloads.values()].some(({ triggers }) => triggers.blob !== undefined)) {
    df.app.client.storageQueue('blobs-given-up', {
      queueName: GIVEN_UP_QUEUE,
      connection: 'AzureWebJobsStorage',
      handler: givenUpHandler(ports, workloads),
    });
  }
  df.app.client.timer('tidy', {
    schedule: '0 17 * * * *',
    handler: tidyHandler({ ...ports, workloads }, () => new Date()),
  });

  df.app.orchestration(RUN_ORCHESTRATION, runWorkflow(workloads));
  df.app.activity('startFollowers', {
    extraInputs: [df.input.durableClient()],
    handler: followHandler(ports, workloads),
  });
  for (const [name, activity] of Object.entries(
    createActivities({ ...ports, workloads, programsFolder }),
  )) {
    df.app.activity(name, { handler: answering<unknown>(activity) });
  }
}

/** A program that is not there would be found out at 02:00. @throws Failure naming each one */
function checkPrograms(all: Workloads, programsFolder: string): void {
  const missing = [...all.values()].flatMap((workload) =>
    programsOf(workload)
      .map((program) => programPath(programsFolder, workload.name, program))
      .filter((path) => !existsSync(path)),
  );
  if (missing.length === 0) return;
  throw new Failure(
    'programMissing',
    `these programs are named by a workload and not there:\n  ${missing.join('\n  ')}`,
  );
}
