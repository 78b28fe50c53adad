import type { Played } from '../../src/rehearse/play';
import { implausible } from './causes';
import { runsOf, was, type RunFacts } from './facts';
import {
  billed,
  caused,
  cleanedUp,
  endsInTime,
  faultless,
  followed,
  heedsCancel,
  lostWithReason,
  missed,
  recorded,
  withoutRecord,
} from './record-checks';
import {
  apart,
  deadLocks,
  foreign,
  guarded,
  leftovers,
  oneJob,
  replacedByNewer,
  secrets,
  skipsWithReason,
  underCap,
} from './resource-checks';
import { agreeing, finalRows, noActiveRows, sums } from './ledger-checks';
import { merged, planned, verified } from './work-checks';

/**
 * What has to hold in every world, whatever happens in it and in whatever order. A row that the
 * product is known not to keep yet says why; it is checked on request alone.
 */
export interface Invariant {
  /** Of the twelve, with a letter where one is checked in parts. */
  readonly id: string;
  readonly name: string;
  readonly holds: boolean;
  readonly why?: string;
  readonly check: (world: Played, runs: readonly RunFacts[]) => readonly string[];
}

export interface Violation {
  readonly id: string;
  readonly name: string;
  readonly details: readonly string[];
}

export const invariants: readonly Invariant[] = [
  { id: '1', name: 'one occurrence has one job at most', holds: true, check: oneJob },
  { id: '2a', name: 'every run that was started ends in a record', holds: true, check: recorded },
  {
    id: '2b',
    name: 'every due time and every blob has a row, the missed and lost ones too',
    holds: true,
    check: missed,
  },
  {
    id: '2c',
    name: 'a run whose instance was terminated or purged ends in a record',
    holds: true,
    check: (_, runs) => withoutRecord(runs.filter((run) => was(run, 'terminate', 'purge'))),
  },
  { id: '2e', name: 'what follows a run agrees with its record', holds: true, check: followed },
  { id: '3', name: 'nothing that costs money is left in the end', holds: true, check: leftovers },
  { id: '3b', name: 'what a record calls deleted is deleted', holds: true, check: cleanedUp },
  {
    id: '3c',
    name: 'clean-up has a bound, and a resumed run its start',
    holds: true,
    check: endsInTime,
  },
  {
    id: '4a',
    name: 'the bill of a run stays under the cap that was printed',
    holds: true,
    check: underCap,
  },
  {
    id: '4b',
    name: 'the node-minutes of a record are those of the bill',
    holds: true,
    check: billed,
  },
  { id: '4c', name: 'formula and job bound the bill without the app', holds: true, check: guarded },
  {
    id: '5',
    name: 'the tasks that were submitted are the planned ones',
    holds: true,
    check: planned,
  },
  { id: '6', name: 'the merge runs once, after all other tasks', holds: true, check: merged },
  { id: '7', name: 'a success has its results', holds: true, check: verified },
  { id: '8a', name: 'a failure says its cause', holds: true, check: caused },
  {
    id: '8b',
    name: 'the cause of a failure is one that the world has',
    holds: true,
    check: implausible,
  },
  {
    id: '8c',
    name: 'without a fault every run succeeds or is skipped',
    holds: true,
    check: faultless,
  },
  {
    id: '8d',
    name: 'a run that is cancelled or replaced ends soon',
    holds: true,
    check: heedsCancel,
  },
  { id: '9a', name: 'what no app made is left alone', holds: true, check: foreign },
  {
    id: '9b',
    name: 'an app leaves alone what another app made',
    holds: true,
    check: ({ batch }) =>
      batch.touched.flatMap(({ by, kind, id, madeBy }) =>
        madeBy === null ? [] : [`app ${by} changed ${kind} ${id} of app ${madeBy}`],
      ),
  },
  {
    id: '10a',
    name: 'runs of one workload overlap only where it allows that',
    holds: true,
    check: apart,
  },
  {
    id: '10e',
    name: 'a run is replaced by a newer one alone',
    holds: true,
    check: replacedByNewer,
  },
  {
    id: '10b',
    name: 'a run that is dead keeps no other from its turn',
    holds: true,
    check: deadLocks,
  },
  {
    id: '10c',
    name: 'a run is skipped only for one that is under way',
    holds: true,
    check: skipsWithReason,
  },
  {
    id: '11',
    name: 'no secret is in a history, a status, a record or an object of Batch',
    holds: true,
    check: secrets,
  },
  {
    id: '12a',
    name: 'no generation of a history has more than 200 rows',
    holds: true,
    check: ({ broken }) => broken.filter(({ rule }) => rule === 'rows').map(({ detail }) => detail),
  },
  {
    id: '8e',
    name: 'an orchestration is lost only where the world has a reason',
    holds: true,
    check: lostWithReason,
  },
  {
    id: '13a',
    name: 'every occurrence has one final row, listed once',
    holds: true,
    check: finalRows,
  },
  { id: '13b', name: 'no active row is left in the end', holds: true, check: noActiveRows },
  { id: '13c', name: "a month's sum is the sum of its rows", holds: true, check: sums },
  { id: '13d', name: 'the row of a run says what its record says', holds: true, check: agreeing },
  {
    id: '12b',
    name: 'a replay decides what was decided before, and payloads are small',
    holds: true,
    check: ({ broken }) =>
      broken
        .filter(({ rule }) => ['replay', 'payload', 'status', 'timer'].includes(rule))
        .map(({ rule, detail }) => `${rule}: ${detail}`),
  },
];

/** Rows that are broken; those that do not hold yet only when asked for. */
export function violationsIn(
  world: Played,
  rows = invariants.filter(({ holds }) => holds),
): Violation[] {
  const runs = runsOf(world);
  return rows.flatMap(({ id, name, check }) => {
    const details = check(world, runs);
    return details.length === 0 ? [] : [{ id, name, details }];
  });
}
