import { expect, test } from 'vitest';
import { ofDueTime } from '../../../src/run/stage/due-time';
import type { Occurrence } from '../../../src/run/run';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { checked, echo, planOf, whole } from '../given';

const declared: WorkloadDeclaration = {
  ...whole,
  inputs: { container: 'sales-in', prefix: 'sales/{due:yyyy/MM/dd}/' },
  shared: [{ container: 'maps', prefix: '{due:yyyy}/', to: 'maps' }],
  work: {
    kind: 'whole',
    jobManager: {
      ...echo,
      command: 'echo {due}',
      outputs: [{ files: 'outputs/*', to: 'results/{due}' }],
    },
  },
  results: ['{due}/report.csv'],
};

function foldersOn(occurrence: Occurrence, instant = '2026-12-31T23:30:00.000Z') {
  const workload = checked(declared);
  const plan = planOf(workload);
  const of = ofDueTime(workload, { ...plan, instant, request: { ...plan.request, occurrence } });
  const manager = 'jobManager' in of.work ? of.work.jobManager : undefined;
  return [
    of.inputs?.prefix,
    of.shared[0]?.prefix,
    manager?.outputs[0]?.to,
    of.results[0],
    manager?.command,
  ];
}

test('folders have the due time in the zone of the schedule, and commands are left as they are', () => {
  const due = '2026-12-31T23:30:00.000Z';

  expect(foldersOn({ kind: 'schedule', due, timeZone: 'Europe/Berlin' })).toEqual([
    'sales/2027/01/01/',
    '2027/',
    'results/2027-01-01',
    '2027-01-01/report.csv',
    'echo {due}',
  ]);
  expect(foldersOn({ kind: 'schedule', due, timeZone: 'UTC' })[0]).toBe('sales/2026/12/31/');
});

test('a run without a due time has the instant of its occurrence', () => {
  expect(foldersOn({ kind: 'request', key: 'k' }, '2026-11-30T10:00:00.000Z')[0]).toBe(
    'sales/2026/11/30/',
  );
});

test('a declaration without a due time in its folders is used as it is', () => {
  const workload = checked(whole);

  expect(ofDueTime(workload, planOf(workload))).toBe(workload);
});
