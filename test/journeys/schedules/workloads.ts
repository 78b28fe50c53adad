import { defineWorkload, type WorkloadDeclaration } from '../../../src/workload/workload';

/** Workloads that write down for which due time they run. */

type Schedule = NonNullable<WorkloadDeclaration['triggers']>['schedule'];

function noting(
  name: string,
  schedule: Schedule,
  overlap: WorkloadDeclaration['overlap'] = 'allow',
): WorkloadDeclaration {
  return defineWorkload({
    name,
    description: 'Writes down its due time',
    triggers: { ...(schedule !== undefined && { schedule }) },
    deadlineMinutes: 600,
    startWithinMinutes: 1440,
    overlap,
    pool: {},
    work: {
      kind: 'whole',
      jobManager: {
        command: `/bin/sh -ec 'mkdir outputs; printf "%s %s" "$RUN_INTERVAL_START" "$RUN_DUE_AT" > outputs/due.txt'`,
        outputs: [{ files: 'outputs/due.txt', to: 'results/{due:yyyy/MM/dd}' }],
        retries: 0,
      },
    },
    results: ['{due:yyyy/MM/dd}/due.txt'],
  });
}

/** The days around the two changes of the clock in 2027, at a local time that one skips and one doubles. */
const odd = noting('odd', {
  cron: '0 30 2 28,29,30,31 3,10 *',
  timeZone: 'Europe/Berlin',
  catchUp: 'all',
});

/** Due on the 29th of March, and the 5th and 12th of April 2027. */
const weekly = noting('weekly', {
  cron: '0 0 6 * * MON',
  timeZone: 'Europe/Berlin',
  until: '2027-04-12',
  catchUp: 'all',
});

/** Joins the results of two others, where both are due. */
const summary = defineWorkload({
  name: 'summary',
  description: 'Joins what two others wrote for one due time',
  triggers: { after: { all: ['left', 'right'] } },
  deadlineMinutes: 600,
  startWithinMinutes: 1440,
  inputs: { from: 'previous' },
  pool: {},
  work: {
    kind: 'whole',
    jobManager: {
      command: `/bin/sh -ec 'mkdir outputs; grep -o "[a-z]*/results/[0-9/]*" inputs.json | sort > outputs/all.txt'`,
      outputs: [{ files: 'outputs/all.txt', to: 'results' }],
      retries: 0,
    },
  },
  results: ['all.txt'],
});

const daily = { cron: '0 0 2 * * *', timeZone: 'Europe/Berlin', until: '2027-03-31' } as const;

export const workloads = [
  odd,
  weekly,
  noting('left', { ...daily, from: '2027-03-30' }),
  noting('right', { ...daily, from: '2027-03-30' }),
  summary,
  /** Due eight times, at noon and after it. */
  noting('quarterly', { cron: '0 */15 12-13 27 3 *', catchUp: 'all' }),
  noting('forbidding', { ...daily, catchUp: 'none' }, 'forbid'),
  noting('queueing', { ...daily, catchUp: 'none' }, 'queue'),
  noting('replacing', { ...daily, catchUp: 'none' }, 'replace'),
  noting('allowing', { ...daily, catchUp: 'none' }, { allow: 3 }),
];
