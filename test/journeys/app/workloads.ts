import { z } from 'zod';
import { defineWorkload } from '../../../src/workload/workload';

/** Workloads that go wrong in the ways a journey needs. Their tasks are as short as they can be. */

/** One task for each blob of `parts-in`, then one that joins what they wrote. */
const parts = defineWorkload({
  name: 'parts',
  description: 'Upper case for each part, then all parts in one text',
  deadlineMinutes: 60,
  overlap: 'allow',
  inputs: { container: 'parts-in' },
  pool: { maxNodes: 2, slotsPerNode: 2 },
  work: {
    kind: 'perBlob',
    task: {
      command: 'node part.mjs',
      programs: ['part.mjs'],
      outputs: [{ files: 'outputs/*.part', to: 'parts' }],
      retries: 1,
    },
    merge: {
      command: 'node join.mjs',
      programs: ['join.mjs'],
      reads: ['parts'],
      outputs: [{ files: 'outputs/all.txt', to: 'results' }],
    },
  },
  results: ['all.txt'],
});

/** A file that running tasks wait for: they run as long as a test needs, on any machine. */
const gate = z.string().default('');

/** The job manager asks for some tasks that take a while, and the last one counts them. */
const marathon = defineWorkload({
  name: 'marathon',
  description: 'Tasks that take their time, to be disturbed',
  deadlineMinutes: 240,
  overlap: 'allow',
  parameters: z.strictObject({
    laps: z.int().min(1).max(50).default(4),
    /** Real milliseconds of each. */
    pause: z.int().min(0).max(60_000).default(1000),
    gate,
  }),
  pool: { maxNodes: 2, slotsPerNode: 2 },
  work: {
    kind: 'split',
    jobManager: { command: 'node laps.mjs', programs: ['laps.mjs'] },
    task: {
      command: 'node lap.mjs',
      programs: ['lap.mjs'],
      outputs: [{ files: 'outputs/*.lap', to: 'laps' }],
    },
    merge: {
      command: 'node finish.mjs',
      programs: ['finish.mjs'],
      reads: ['laps'],
      outputs: [{ files: 'outputs/finish.txt', to: 'results' }],
    },
  },
  results: ['finish.txt'],
});

/** Two that wait as long as they are told, and differ in what they do when they are due again. */
const waiting = (name: string, overlap: 'forbid' | 'replace') =>
  defineWorkload({
    name,
    description: `Waits; overlap: ${overlap}`,
    deadlineMinutes: 240,
    overlap,
    parameters: z.strictObject({ pause: z.int().min(0).max(60_000).default(0), gate }),
    pool: {},
    work: {
      kind: 'whole',
      jobManager: {
        command: 'node lap.mjs',
        programs: ['lap.mjs'],
        environment: { LAP: 'only' },
        outputs: [{ files: 'outputs/only.lap', to: 'results' }],
        maxMinutes: 200,
      },
    },
    results: ['only.lap'],
    keepOutputsDays: 0,
  });

const hangs = defineWorkload({
  name: 'hangs',
  description: 'Never ends by itself',
  deadlineMinutes: 5,
  pool: {},
  work: {
    kind: 'whole',
    jobManager: {
      command: `/bin/sh -ec 'echo "still at it" >&2; sleep 3600'`,
      maxMinutes: 5,
      retries: 0,
    },
  },
});

const impatient = defineWorkload({
  name: 'impatient',
  description: 'Has a task with less time than it takes',
  deadlineMinutes: 120,
  pool: {},
  work: {
    kind: 'whole',
    jobManager: {
      command: `/bin/sh -ec 'echo "still at it" >&2; sleep 3600'`,
      maxMinutes: 1,
      retries: 0,
    },
  },
});

const halfDone = defineWorkload({
  name: 'half-done',
  description: 'Its first step fails, its second would succeed',
  deadlineMinutes: 60,
  pool: {},
  work: {
    kind: 'whole',
    jobManager: { command: '/bin/bash steps.sh', programs: ['steps.sh'], retries: 0 },
  },
});

const unprepared = defineWorkload({
  name: 'unprepared',
  description: 'Its nodes cannot be set up',
  deadlineMinutes: 60,
  pool: {
    setup: { command: `/bin/sh -ec 'echo "the licence has run out" >&2; exit 7'`, retries: 0 },
  },
  work: { kind: 'whole', jobManager: { command: 'node --version' } },
});

/** Due once a year, so that it disturbs no journey but the one that sets another schedule. */
const yearly = defineWorkload({
  name: 'yearly',
  description: 'Writes one line',
  triggers: { schedule: { cron: '0 0 0 1 1 *', catchUp: 'none' } },
  deadlineMinutes: 60,
  pool: {},
  work: { kind: 'whole', jobManager: { command: 'node --version' } },
});

const secretive = defineWorkload({
  name: 'secretive',
  description: 'Names a secret that nobody has stored',
  deadlineMinutes: 60,
  pool: {},
  work: {
    kind: 'whole',
    jobManager: { command: 'node --version', secrets: ['nobody-stored-this'] },
  },
});

export const workloads = [
  parts,
  marathon,
  waiting('patient', 'forbid'),
  waiting('latest', 'replace'),
  hangs,
  impatient,
  halfDone,
  unprepared,
  secretive,
  yearly,
];
