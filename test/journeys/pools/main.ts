import { join } from 'node:path';
import { registerApp } from '../../../src/functions';
import { workloads } from './workloads';

registerApp({
  workloads,
  // oxlint-disable-next-line eslint/no-restricted-properties -- as in the app's own entry point
  environment: process.env,
  programsFolder: join(__dirname, 'workloads'),
  consoleFolder: join(__dirname, 'console'),
});
