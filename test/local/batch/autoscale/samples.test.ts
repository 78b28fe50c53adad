import { expect, test } from 'vitest';
import { sampledVariables } from '../../../../local/batch/autoscale/inputs';
import { SampleHistory } from '../../../../local/batch/autoscale/samples';
import { SteppedClock } from '../../../../local/clock';
import { NOW, evaluate, every30Seconds, steady, valueOf } from './given';

/** A history of pending tasks, one sample every half minute of the clock. */
function recorded(
  values: readonly number[],
  options?: ConstructorParameters<typeof SampleHistory>[0],
) {
  const clock = new SteppedClock('2026-11-21T03:00:00Z');
  const history = new SampleHistory(options);
  for (const value of values) {
    history.record('$PendingTasks', clock.now(), value);
    clock.step(30_000);
  }
  return { clock, history };
}

function visible({ clock, history }: ReturnType<typeof recorded>): number[] {
  return history.visible('$PendingTasks', clock.now()).map((sample) => sample.value);
}

test('a sample is visible a minute after it was taken', () => {
  const taken = recorded([1, 2, 3, 4]);

  expect(visible(taken)).toEqual([1, 2, 3]);
  taken.clock.step(29_999);
  expect(visible(taken)).toEqual([1, 2, 3]);
  taken.clock.step(1);
  expect(visible(taken)).toEqual([1, 2, 3, 4]);
});

test('the delay can be set', () => {
  expect(visible(recorded([1, 2, 3], { visibilityDelayMs: 0 }))).toEqual([1, 2, 3]);
  expect(visible(recorded([1, 2, 3], { visibilityDelayMs: 90_000 }))).toEqual([1]);
});

test('samples older than the window are deleted', () => {
  expect(visible(recorded([1, 2, 3, 4, 5], { visibilityDelayMs: 0, windowMs: 90_000 }))).toEqual([
    3, 4, 5,
  ]);
});

test('a history of a day stays small', () => {
  const { history, clock } = recorded(steady(6000, 1));

  expect(history.visible('$PendingTasks', clock.now()).length).toBeLessThanOrEqual(2880);
});

test('samples can be dropped on purpose', () => {
  const drops = (_: string, at: Date) => at.getTime() % 60_000 === 0;

  expect(visible(recorded([1, 2, 3, 4], { visibilityDelayMs: 0, drops }))).toEqual([2, 4]);
});

test('samples are kept in order of time, one for each instant', () => {
  const history = new SampleHistory({ visibilityDelayMs: 0 });
  const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);
  history.record('$CPUPercent', at(60), 2);
  history.record('$CPUPercent', at(0), 0);
  history.record('$CPUPercent', at(30), 1);
  history.record('$CPUPercent', at(30), 1.5);

  expect(history.visible('$CPUPercent', at(60))).toEqual([
    { at: at(0).getTime(), value: 0 },
    { at: at(30).getTime(), value: 1.5 },
    { at: at(60).getTime(), value: 2 },
  ]);
  expect(history.visible('$ActiveTasks', at(60))).toEqual([]);
});

test('a history can be read instant by instant', () => {
  const history = new SampleHistory();
  history.record('$CPUPercent', new Date(30_000), 2);
  history.record('$CPUPercent', new Date(60_000), 3);
  history.record('$ActiveTasks', new Date(60_000), 9);

  expect(history.sampleSets()).toEqual([
    { at: 30_000, values: { $CPUPercent: 2 } },
    { at: 60_000, values: { $CPUPercent: 3, $ActiveTasks: 9 } },
  ]);
});

/** Of the last five minutes, one sample every half minute: 1 is the oldest, 10 the newest. */
const ten = { $PendingTasks: every30Seconds([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]) };

test.each([
  ['GetSample(1)', '[10]'],
  ['GetSample(3)', '[8,9,10]'],
  ['GetSample(99)', '[1,2,3,4,5,6,7,8,9,10]'],
  ['GetSample(0)', '[]'],
  ['GetSample(TimeInterval_Minute)', '[9,10]'],
  ['GetSample(90 * TimeInterval_Second)', '[8,9,10]'],
  ['GetSample(TimeInterval_Minute, 100)', '[9,10]'],
  ['GetSample(TimeInterval_Minute, 2 * TimeInterval_Minute)', '[7,8]'],
  ['GetSample(2 * TimeInterval_Minute, TimeInterval_Minute)', '[7,8]'],
  ['GetSample(TimeInterval_Minute * 0, TimeInterval_Minute, 100)', '[9,10]'],
  ['GetSample(time("2026-11-21T02:59:00Z"))', '[9,10]'],
  ['GetSample(time("2026-11-21T02:58:00Z"), time("2026-11-21T02:59:00Z"))', '[7,8]'],
  ['GetSample(TimeInterval_Zero)', '[]'],
  ['GetSample(TimeInterval_Day, 0)', '[1,2,3,4,5,6,7,8,9,10]'],
  ['GetSamplePercent(TimeInterval_Minute * 5)', '100'],
  ['GetSamplePercent(TimeInterval_Minute * 10)', '50'],
  ['GetSamplePercent(TimeInterval_Minute * 4, TimeInterval_Minute * 6)', '50'],
  ['GetSamplePercent(TimeInterval_Minute * 6, TimeInterval_Minute * 9)', '0'],
  ['GetSamplePercent(time("2026-11-21T02:50:00Z"))', '50'],
  ['GetSamplePercent(40 * TimeInterval_Second)', '100'],
  ['GetSamplePercent(TimeInterval_Zero)', '0'],
  ['GetSamplePeriod()', 'PT30S'],
  ['Count()', '10'],
  ['HistoryBeginTime()', '2026-11-21T02:55:30.000Z'],
])('$PendingTasks.%s is %s', (call, value) => {
  expect(valueOf(`$PendingTasks.${call}`, { samples: ten })).toBe(value);
});

test.each([
  ['GetSample(-1)', 28, '-1 is not a valid number of samples'],
  ['GetSample(1.5)', 28, '1.5 is not a valid number of samples'],
  ['GetSample("a")', 28, 'expected a timestamp or a timeinterval, found a string'],
  ['GetSample(1, 2)', 28, 'GetSample accepts no argument after a number of samples'],
  [
    'GetSample(TimeInterval_Day, 1, 2)',
    28,
    'GetSample takes a start, an end and a percentage, in this order',
  ],
  ['GetSample()', 28, 'GetSample takes 1 to 3 arguments, found 0'],
  ['GetSamplePercent(1)', 35, 'expected a timestamp or a timeinterval, found a double'],
  ['GetSamplePeriod(1)', 34, 'GetSamplePeriod takes 0 arguments, found 1'],
  ['GetSampleByTime(1)', 19, '$PendingTasks has no method GetSampleByTime'],
  ['getsample(1)', 19, '$PendingTasks has no method getsample'],
  ['hour', 5, '$PendingTasks is a series of samples: use its GetSample'],
])('$PendingTasks.%s fails', (call, column, reason) => {
  expect(valueOf(`$PendingTasks.${call}`, { samples: ten })).toBe(
    `Line 1, Col ${column}: ${reason}`,
  );
});

test('only series have methods', () => {
  expect(valueOf('$TargetDedicatedNodes.GetSample(1)')).toBe(
    'Line 1, Col 27: only the sampled service variables have methods',
  );
  expect(valueOf('time().GetSample(1)')).toContain(
    'only the sampled service variables have methods',
  );
});

test('a new pool has no samples, and an empty history has no start', () => {
  expect(valueOf('$PendingTasks.Count()')).toBe('0');
  expect(valueOf('$PendingTasks.GetSample(5)')).toBe('[]');
  expect(valueOf('$PendingTasks.HistoryBeginTime()')).toBe(
    'Line 1, Col 35: there is no sample of $PendingTasks yet',
  );
});

test("an unreached percentage ends the evaluation, with the service's position", () => {
  const formula =
    '$RunningTasks.GetSample(10 * TimeInterval_Second, 0 * TimeInterval_Second, 100);';

  expect(evaluate(formula).error).toEqual({
    code: 'InsufficientSampleData',
    message: 'Autoscale evaluation failed due to insufficient sample data',
    values: [
      {
        name: 'Message',
        value:
          'Line 1, Col 24: Insufficient data from data set: $RunningTasks wanted 100%, received 0%',
      },
    ],
  });
});

test('every series can be sampled, in any case', () => {
  for (const variable of sampledVariables) {
    const samples = { [variable]: every30Seconds([3]) };

    expect(valueOf(`${variable.toLowerCase()}.GetSample(1)`, { samples })).toBe('[3]');
  }
});
