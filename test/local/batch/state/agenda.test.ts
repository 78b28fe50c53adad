import { expect, test } from 'vitest';
import { Agenda } from '../../../../local/batch/state/agenda';
import { SteppedClock } from '../../../../local/clock';

function agendaAt(start: string) {
  const clock = new SteppedClock(start);
  const agenda = new Agenda(clock);
  const rung: string[] = [];
  const set = (key: string, seconds: number, then?: () => void) =>
    agenda.set(key, Date.parse(start) + seconds * 1000, () => {
      rung.push(`${key} at ${(clock.now().getTime() - Date.parse(start)) / 1000}`);
      then?.();
    });
  return { clock, agenda, rung, set };
}

test('callbacks run in the order of their times, independent of the order of setting', () => {
  const { clock, agenda, rung, set } = agendaAt('2030-01-01T00:00:00Z');
  set('late', 30);
  set('moved', 5);
  set('early', 10);
  set('cleared', 15);
  set('moved', 20);
  agenda.clear('cleared');

  clock.step(60_000);

  expect(rung).toEqual(['early at 10', 'moved at 20', 'late at 30']);
});

test('a callback may set another one, also at a fraction of a millisecond', () => {
  const { clock, rung, set } = agendaAt('2030-01-01T00:00:00Z');
  set('first', 1, () => set('second', 1.0004));

  clock.step(1_000);
  const atOnce = [...rung];
  clock.step(1_000);

  expect(atOnce).toEqual(['first at 1']);
  expect(rung).toEqual(['first at 1', 'second at 1.001']);
});

test('the agenda needs one alarm of the clock only', () => {
  const { clock, rung, set } = agendaAt('2030-01-01T00:00:00Z');
  for (let index = 0; index < 5_000; index += 1) set(`k${index}`, (index * 7919) % 5_000);

  clock.step(5_000_000);

  const times = rung.map((line) => Number(line.split(' at ')[1]));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(rung).toHaveLength(5_000);
});
