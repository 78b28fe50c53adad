import { expect, test, vi } from 'vitest';
import { logLineOf } from '../src/log-endings';
import type { OccurrenceRow } from '../src/ledger/rows';
import { finish } from '../src/ledger/finish';
import { MemoryTable } from './memory-table';
import { occurrenceRow } from './ledger/given';

const ending = {
  startedAt: '2026-11-30T02:00:00.000Z',
  endedAt: '2026-11-30T02:30:00.000Z',
  nodeMinutes: 12,
  cost: 0.5,
} as const;

test.each([
  ['succeeded', null, null, 'log', 'succeeded'],
  ['failed', 'taskFailed', '3 tasks failed', 'error', 'failed (taskFailed): 3 tasks failed'],
  [
    'timedOut',
    'deadlineExceeded',
    '2 were left',
    'error',
    'timed out (deadlineExceeded): 2 were left',
  ],
  [
    'missed',
    'startWindowEnded',
    'nothing started it',
    'error',
    'was missed (startWindowEnded): nothing started it',
  ],
  ['cancelled', 'cancelled', 'by a request', 'warn', 'was cancelled (cancelled): by a request'],
  [
    'skipped',
    'overlapped',
    'a run was active',
    'log',
    'was skipped (overlapped): a run was active',
  ],
] as const)(
  'a run that %s is one log line with its level and cause',
  (state, code, cause, ...line) => {
    const row: OccurrenceRow = occurrenceRow({ ...ending, state, code, cause });
    const { runId, workload } = row;
    const fields = { runId, workload, outcome: state, code, ...ending };
    const { startedAt, endedAt, nodeMinutes, cost, ...first } = fields;
    const json = JSON.stringify({ ...first, startedAt, endedAt, nodeMinutes, cost });

    expect(logLineOf(row)).toEqual({
      level: line[0],
      message: `run ${runId} ${line[1]} ${json}`,
    });
  },
);

test('an end that is written again is announced once', async () => {
  const announced: OccurrenceRow[] = [];
  const table = new MemoryTable();
  const row = occurrenceRow({});
  const end = { ...ending, state: 'failed', code: 'taskFailed', cause: 'it failed' } as const;

  await finish(table, row, end, (final) => void announced.push(final));
  await finish(table, row, end, (final) => void announced.push(final));

  expect(announced).toEqual([{ ...row, ...end }]);
});

test('an end waits for what its announcement does, and its notices do not', async () => {
  const steps: string[] = [];
  const table = new MemoryTable();
  const row = occurrenceRow({});
  const remove = table.remove.bind(table);
  table.remove = async (...args) => {
    steps.push('active row deleted');
    return remove(...args);
  };
  let exported = () => {};
  const announcement = new Promise<void>((resolve) => {
    exported = resolve;
  });
  const end = { ...ending, state: 'failed', code: 'taskFailed', cause: 'it failed' } as const;

  const finished = finish(table, row, end, () => announcement).then(() => steps.push('finished'));
  await vi.waitFor(() => expect(steps).toEqual(['active row deleted']));
  exported();
  await finished;

  expect(steps).toEqual(['active row deleted', 'finished']);
});
