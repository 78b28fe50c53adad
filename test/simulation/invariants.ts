import type { Played } from '../../src/rehearse/play';
import { implausible } from './causes';
import { runsOf, was, type RunFacts } from './facts';
import {
  beginsInTime,
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
import {
  endedSoon,
  fenced,
  forward,
  settled,
  startedSoon,
  stoppedSoon,
  wholeTime,
  withinBounds,
} from './history-checks';
import { merged, planned, verified } from './work-checks';

/**
 * What has to hold in every world, whatever happens in it and in whatever order.
 */
export interface Invariant {
  /** Of the twelve, with a letter where one is checked in parts. */
  readonly id: string;
  readonly name: string;
  readonly check: (world: Played, runs: readonly RunFacts[]) => readonly string[];
}

export interface Violation {
  readonly id: string;
  readonly name: string;
  readonly details: readonly string[];
}

export const invariants: readonly Invariant[] = [
  { id: '1', name: 'one occurrence has one job at most', check: oneJob },
  { id: '2a', name: 'every run that was started ends in a record', check: recorded },
  {
    id: '2b',
    name: 'every due time and every blob has a row, the missed and lost ones too',
    check: missed,
  },
  {
    id: '2c',
    name: 'a run whose instance was terminated or purged ends in a record',
    check: (_, runs) => withoutRecord(runs.filter((run) => was(run, 'terminate', 'purge'))),
  },
  { id: '2e', name: 'what follows a run agrees with its record', check: followed },
  { id: '3', name: 'nothing that costs money is left in the end', check: leftovers },
  { id: '3b', name: 'what a record calls deleted is deleted', check: cleanedUp },
  {
    id: '3c',
    name: 'clean-up has a bound, and a resumed run its start',
    check: endsInTime,
  },
  {
    id: '3d',
    name: 'a run that waits for others or for a quota begins within its start window',
    check: beginsInTime,
  },
  {
    id: '4a',
    name: 'the bill of a run stays under the cap that was printed',
    check: underCap,
  },
  {
    id: '4b',
    name: 'the node-minutes of a record are those of the bill',
    check: billed,
  },
  { id: '4c', name: 'formula and job bound the bill without the app', check: guarded },
  {
    id: '5',
    name: 'the tasks that were submitted are the planned ones',
    check: planned,
  },
  { id: '6', name: 'the merge runs once, after all other tasks', check: merged },
  { id: '7', name: 'a success has its results', check: verified },
  { id: '8a', name: 'a failure says its cause', check: caused },
  {
    id: '8b',
    name: 'the cause of a failure is one that the world has',
    check: implausible,
  },
  {
    id: '8c',
    name: 'without a fault every run succeeds or is skipped',
    check: faultless,
  },
  {
    id: '8d',
    name: 'a run that is cancelled or replaced ends soon',
    check: heedsCancel,
  },
  { id: '9a', name: 'what no app made is left alone', check: foreign },
  {
    id: '9b',
    name: 'an app leaves alone what another app made',
    check: ({ batch }) =>
      batch.touched.flatMap(({ by, kind, id, madeBy }) =>
        madeBy === null ? [] : [`app ${by} changed ${kind} ${id} of app ${madeBy}`],
      ),
  },
  {
    id: '10a',
    name: 'runs of one workload overlap only where it allows that',
    check: apart,
  },
  {
    id: '10e',
    name: 'a run is replaced by a newer one alone',
    check: replacedByNewer,
  },
  {
    id: '10b',
    name: 'a run that is dead keeps no other from its turn',
    check: deadLocks,
  },
  {
    id: '10c',
    name: 'a run is skipped only for one that is under way',
    check: skipsWithReason,
  },
  {
    id: '11',
    name: 'no secret is in a history, a status, a record or an object of Batch',
    check: secrets,
  },
  {
    id: '12a',
    name: 'no generation of a history has more than 200 rows',
    check: ({ broken }) => broken.filter(({ rule }) => rule === 'rows').map(({ detail }) => detail),
  },
  {
    id: '8e',
    name: 'an orchestration is lost only where the world has a reason',
    check: lostWithReason,
  },
  {
    id: '13a',
    name: 'every occurrence has one final row, listed once',
    check: finalRows,
  },
  { id: '13b', name: 'no active row is left in the end', check: noActiveRows },
  { id: '13c', name: "a month's sum is the sum of its rows", check: sums },
  { id: '13d', name: 'the row of a run says what its record says', check: agreeing },
  { id: '1b', name: 'a run that was taken over makes nothing more', check: fenced },
  { id: '3e', name: 'what a lost run costs is stopped when it is taken over', check: stoppedSoon },
  { id: '10d', name: 'active runs and starts stay within the bounds', check: withinBounds },
  { id: '10f', name: 'a start that was decided comes at once', check: startedSoon },
  { id: '13e', name: 'an active row goes on and never back', check: forward },
  { id: '13f', name: 'a run has its whole time from its claim on', check: wholeTime },
  { id: '13g', name: 'a schedule moves on when its due times have rows', check: settled },
  { id: '13h', name: 'what ends without a run ends with its decision', check: endedSoon },
  {
    id: '12b',
    name: 'a replay decides what was decided before, and payloads are small',
    check: ({ broken }) =>
      broken
        .filter(({ rule }) => ['replay', 'payload', 'status', 'timer', 'loop'].includes(rule))
        .map(({ rule, detail }) => `${rule}: ${detail}`),
  },
];

/** Rows that are broken. */
export function violationsIn(world: Played, rows: readonly Invariant[] = invariants): Violation[] {
  const runs = runsOf(world);
  return rows.flatMap(({ id, name, check }) => {
    const details = check(world, runs);
    return details.length === 0 ? [] : [{ id, name, details }];
  });
}
