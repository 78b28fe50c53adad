import { defineWorkload } from '../../../src/workload/workload';

/** One workload for each shape that the shipped ones have not. */

/** Seven combinations in chunks of three, of which one fails; a merge of most; a run after it. */
const draws = defineWorkload({
  name: 'draws',
  description: 'A sweep in chunks, and a merge of what there is',
  deadlineMinutes: 60,
  pool: { maxNodes: 2, slotsPerNode: 2 },
  work: {
    kind: 'sweep',
    over: { N: { from: 1, to: 7 } },
    chunk: 3,
    task: {
      command: 'node draw.mjs',
      programs: ['draw.mjs'],
      outputs: [{ files: 'outputs/*.draw', to: 'draws' }],
      retries: 0,
    },
    merge: {
      command: 'node sum.mjs',
      programs: ['sum.mjs'],
      reads: ['draws'],
      outputs: [{ files: 'outputs/sum.txt', to: 'results' }],
      quorum: 0.6,
    },
  },
  results: ['sum.txt'],
});

const report = defineWorkload({
  name: 'report',
  description: 'Follows the draws, and takes what they have left',
  deadlineMinutes: 60,
  triggers: { after: 'draws' },
  inputs: { from: 'previous', endsWith: ['.txt'] },
  pool: {},
  work: {
    kind: 'whole',
    jobManager: {
      command: 'node report.mjs',
      programs: ['report.mjs'],
      outputs: [{ files: 'outputs/report.txt', to: 'results' }],
    },
  },
  results: ['report.txt'],
});

const rung = (after: readonly string[]) => ({
  command: 'node rung.mjs',
  programs: ['rung.mjs'],
  reads: after.length === 0 ? [] : ['rungs'],
  outputs: [{ files: 'outputs/*.txt', to: 'rungs' }],
  retries: 0,
});

/** Four tasks, each after those it names; the last fails when it is told to. */
const ladder = defineWorkload({
  name: 'ladder',
  description: 'Tasks that wait for one another',
  deadlineMinutes: 60,
  pool: { maxNodes: 2 },
  work: {
    kind: 'tasks',
    tasks: [
      { id: 'top', after: ['left', 'right'], task: rung(['left', 'right']) },
      { id: 'left', after: ['bottom'], task: rung(['bottom']) },
      { id: 'right', after: ['bottom'], task: rung(['bottom']) },
      { id: 'bottom', task: rung([]) },
      { id: 'loose', environment: { FAILS: 'yes' }, task: rung([]) },
      { id: 'above-loose', after: ['loose'], task: rung(['loose']) },
    ],
    tolerateFailed: 0.34,
  },
});

export const workloads = [draws, report, ladder];
