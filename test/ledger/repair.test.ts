import { expect, test } from 'vitest';
import { repairOf, type InstanceState, type Repair } from '../../src/ledger/repair';
import type { ActiveRow, Reason } from '../../src/ledger/rows';
import { activeRow } from './given';

const NOW = '2026-11-30T12:00:00.000Z';
const minutesAgo = (minutes: number) => new Date(Date.parse(NOW) - minutes * 60_000).toISOString();

const lost: Reason = { kind: 'lost', code: 'internal', cause: 'its orchestration was not found' };
const skipped: Reason = { kind: 'skipped', code: 'overlapped', cause: 'another was active' };
const unknown: InstanceState = { kind: 'unknown' };
const pending: InstanceState = { kind: 'pending' };
const active: InstanceState = { kind: 'active' };
const ended: InstanceState = { kind: 'ended', output: null };

const leave: Repair = { kind: 'leave' };
const again: Repair = { kind: 'startAgain' };
const end = (cause: string): Repair => ({ kind: 'endRun', cause });
const notStarted = end('its orchestration could not be started 3 times');
const overdue = end('its orchestration was still active 32 hours after the deadline');

type Line = readonly [string, Partial<ActiveRow>, InstanceState, Repair];

const lines: readonly Line[] = [
  ['known, whatever the engine has', { state: 'known', since: minutesAgo(999) }, ended, leave],
  ['queued, whatever the engine has', { state: 'queued', since: minutesAgo(999) }, unknown, leave],
  ['starting for less than ten minutes, unknown', starting(9), unknown, leave],
  ['starting for ten minutes, unknown', starting(10), unknown, again],
  ['starting for ten minutes, ended', starting(10), ended, again],
  ['starting for ten minutes, in its last term', { ...starting(10), term: 3 }, unknown, notStarted],
  ['starting for less than an hour, pending', starting(59), pending, leave],
  ['starting for an hour, pending', starting(60), pending, again],
  [
    'starting for an hour, pending, in its last term',
    { ...starting(60), term: 3 },
    pending,
    notStarted,
  ],
  ['starting, while its orchestration is active', starting(300), active, leave],
  ['starting, active long after the deadline', starting(9999, 32 * 60 + 1), active, overdue],
  ['running, active', running(0), active, leave],
  ['running, active 32 hours after the deadline', running(32 * 60), active, leave],
  ['running, active more than 32 hours after the deadline', running(32 * 60 + 1), active, overdue],
  ['running, pending more than 32 hours after it', running(32 * 60 + 1), pending, overdue],
  ['running, not found for the first time', running(0), unknown, { kind: 'noteLost' }],
  [
    'running, not found for the second time',
    { ...running(0), reason: lost },
    unknown,
    end('its orchestration is no longer in the task hub'),
  ],
  ['running, found again', { ...running(0), reason: lost }, active, { kind: 'noteFound' }],
  ['running, ended', running(0), ended, end('its orchestration ended without a record')],
  ['ending for five minutes', ending(5, skipped), unknown, leave],
  ['ending for more than five minutes', ending(6, skipped), unknown, { kind: 'continueEnding' }],
  ['ending because it was lost', ending(0, lost), unknown, { kind: 'continueEnding' }],
];

function starting(minutes: number, afterDeadline = 0): Partial<ActiveRow> {
  return { state: 'starting', since: minutesAgo(minutes), deadline: minutesAgo(afterDeadline) };
}

function running(afterDeadline: number): Partial<ActiveRow> {
  return { state: 'running', since: minutesAgo(9999), deadline: minutesAgo(afterDeadline) };
}

function ending(minutes: number, reason: Reason): Partial<ActiveRow> {
  return { state: 'ending', since: minutesAgo(minutes), reason };
}

test.each(lines)('a row that is %s', (_, row, instance, expected) => {
  expect(repairOf(activeRow(row), instance, NOW)).toEqual(expected);
});
