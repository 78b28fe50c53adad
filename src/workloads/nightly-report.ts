import { z } from 'zod';
import { defineWorkload } from '../workload/workload';

/**
 * Makes one report of the CSV files in `reports-in` every night: a summary and a chart.
 *
 * It is the smallest kind of work: the job manager is the only task, on a pool that grows from zero
 * nodes to one and back. Copy this file and its folder, and add your workload to `main.ts`.
 */
export const nightlyReport = defineWorkload({
  name: 'nightly-report',
  description: 'A summary and a chart of the CSV files in the container reports-in',

  // 02:00 in UTC, or in the zone of the app setting WEBSITE_TIME_ZONE. SCHEDULE_NIGHTLY_REPORT overrides it.
  triggers: { schedule: '0 0 2 * * *' },
  overlap: 'forbid',
  deadlineMinutes: 120,

  inputs: { container: 'reports-in', endsWith: ['.csv'], maxFiles: 500 },
  parameters: z.strictObject({
    /** Title above the chart. Default: `Nightly report`. */
    title: z.string().max(80).default('Nightly report'),
  }),

  pool: {
    maxNodes: 1,
    // Ubuntu has no Node.js: the start task installs it, as administrator.
    setup: { command: '/bin/bash install-node.sh', programs: ['install-node.sh'] },
  },

  work: {
    kind: 'whole',
    jobManager: {
      command: 'node report.mjs',
      programs: ['report.mjs'],
      // Signs the summary, so that its readers can verify its origin.
      secrets: ['report-signing-key'],
      outputs: [{ files: 'outputs/*', to: 'results' }],
      maxMinutes: 60,
    },
  },

  results: ['summary.json', 'summary.json.sig', 'chart.svg'],
  keepOutputsDays: 30,
});
