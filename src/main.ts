import { join } from 'node:path';
import { registerApp } from './functions';
import { nightlyReport } from './workloads/nightly-report';
import { render } from './workloads/render';

/** The entry point of the app. Add your workload here. */
registerApp({
  workloads: [nightlyReport, render],
  // oxlint-disable-next-line eslint/no-restricted-properties -- the one place that hands the environment in
  environment: process.env,
  programsFolder: join(__dirname, 'workloads'),
  consoleFolder: join(__dirname, 'console'),
});
