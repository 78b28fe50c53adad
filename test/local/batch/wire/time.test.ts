import { expect, test } from 'vitest';
import { durationMs, wireDuration, wireTime } from '../../../../local/batch/wire/time';

test.each([
  ['PT15M', 'PT15M'],
  ['P3Y6M4DT12H30M5S', 'P1279DT12H30M5S'],
  ['P1W', 'P7D'],
  ['PT36H', 'P1DT12H'],
  ['PT0.5S', 'PT0.5S'],
  ['PT90S', 'PT1M30S'],
  ['PT0S', 'PT0S'],
  ['P10675199DT2H48M5.4775807S', 'P10675199DT2H48M5.4775807S'],
])('the duration %s is written %s', (given, written) => {
  expect(wireDuration(durationMs(given))).toBe(written);
});

test.each(['', 'P', 'PT', '15M', 'P1DT', 'PT1', 'PT1M1H'])('%j is not a duration', (text) => {
  expect(durationMs(text)).toBeNaN();
});

test('timestamps have seven decimals', () => {
  expect(wireTime(Date.parse('2030-01-02T03:04:05.678Z'))).toBe('2030-01-02T03:04:05.6780000Z');
});
