import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as df from 'durable-functions';
import { connect } from './azure/connect';
import { Failure } from './failure';
import { cancelHandler, listHandler, showHandler, startHandler } from './http';
import { blobHandler, tidyHandler, timerHandler } from './intake';
import { createActivities } from './run/activities';
import { answering } from './run/steps';
import { programPath, programsOf } from './run/tools';
import { checkWorkloads, type Workloads } from './run/workload';
import { RUN_ORCHESTRATION, runWorkflow } from './run/workflow';
import { readSettings } from './settings';
import { nightlyReport } from './workloads/nightly-report';
import { render } from './workloads/render';

/** The app on one screen: every function's name, trigger and route. Add your workload here. */
const workloads = checkWorkloads([nightlyReport, render]);

// oxlint-disable-next-line eslint/no-restricted-properties -- the one place that hands the environment in
const settings = readSettings(process.env, workloads);
const ports = connect(settings);
const programsFolder = join(__dirname, 'workloads');
checkPrograms(workloads);

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

for (const workload of workloads.values()) {
  const schedule = settings.schedules[workload.name];
  if (schedule !== undefined) {
    df.app.client.timer(`${workload.name}-timer`, {
      schedule,
      handler: timerHandler(ports, workload),
    });
  }
  if (workload.triggers.blob !== undefined) {
    df.app.client.storageBlob(`${workload.name}-blob`, {
      path: `${workload.triggers.blob.container}/{name}`,
      connection: 'AzureWebJobsStorage',
      source: settings.blobTriggerSource,
      handler: blobHandler(ports, workload),
    });
  }
}
df.app.client.timer('tidy', { schedule: '0 17 * * * *', handler: tidyHandler(ports) });

df.app.orchestration(RUN_ORCHESTRATION, runWorkflow(workloads));
for (const [name, activity] of Object.entries(
  createActivities({ ...ports, workloads, programsFolder }),
)) {
  df.app.activity(name, { handler: answering<unknown>(activity) });
}

/** A program that is not there would be found out at 02:00. @throws Failure naming each one */
function checkPrograms(all: Workloads): void {
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
