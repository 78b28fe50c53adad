import { z } from 'zod';
import { defineWorkload } from '../workload/workload';

/**
 * Every night, the CSV files in `reports-in` become one report: a summary and a chart.
 *
 * The smallest shape: one job whose only task is the job manager, on a pool that grows from no node
 * to one and back. Copy this file and its folder, and add your workload to `main.ts`.
 */
export const nightlyReport = defineWorkload({
  name: 'nightly-report',
  description: 'A summary and a chart of the CSV files in the container reports-in',

  // 02:00, in UTC on Azure unless WEBSITE_TIME_ZONE says otherwise. SCHEDULE_NIGHTLY_REPORT overrides it.
  triggers: { schedule: '0 0 2 * * *' },
  overlap: 'forbid',
  deadlineMinutes: 120,

  inputs: { container: 'reports-in', endsWith: ['.csv'], maxFiles: 500 },
  parameters: z.strictObject({
    /** Stands above the chart. */
    title: z.string().max(80).default('Nightly report'),
  }),

  pool: {
    maxNodes: 1,
    // Ubuntu comes without Node.js: the start task installs it, as administrator.
    setup: { command: '/bin/bash install-node.sh', programs: ['install-node.sh'] },
  },

  work: {
    kind: 'whole',
    jobManager: {
      command: 'node report.mjs',
      programs: ['report.mjs'],
      // Signs the summary, so that its readers know where it comes from.
      secrets: ['report-signing-key'],
      outputs: [{ files: 'outputs/*', to: 'results' }],
      maxMinutes: 60,
    },
  },

  results: ['summary.json', 'summary.json.sig', 'chart.svg'],
  keepOutputsDays: 30,
});
