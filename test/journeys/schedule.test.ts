import { afterAll, beforeAll, expect, test } from 'vitest';
import { drop } from '../../local/cli/storage-access';
import { hasEnded, type Run } from '../../local/cli/runs';
import {
  closeWorld,
  eventually,
  leftBy,
  onlyRecord,
  openWorld,
  portsOf,
  runsOf,
  show,
  type OwnWorld,
} from './environment';

/** The timer of the nightly report, set to every hour of a clock that runs fast. */

/** Fifteen seconds of real time, in which a run may not end on a busy machine. */
const PERIOD_MS = 3_600_000;
const start = {
  name: 'schedule',
  speed: 240,
  settings: { SCHEDULE_NIGHTLY_REPORT: '0 0 * * * *', WEBSITE_TIME_ZONE: 'Europe/Berlin' },
} as const;

let world: OwnWorld;
beforeAll(async () => {
  world = await openWorld(start);
  await drop(world.blobs, 'reports-in', 'rain.csv', 'day,mm\n2030-01-01,3\n');
});
afterAll(() => closeWorld(world));

function dueOf({ dueAt }: Run): number {
  return Date.parse(dueAt ?? '');
}

function wasActive({ startedAt, endedAt }: Run, at: number): boolean {
  return Date.parse(startedAt ?? '') <= at && at < Date.parse(endedAt ?? '');
}

function endedRuns(count: number): Promise<readonly Run[]> {
  return eventually(world, `the end of ${count} runs`, async () => {
    const runs = (await runsOf(world, 'nightly-report')).filter(hasEnded);
    return runs.length >= count ? runs.toReversed() : undefined;
  });
}

test('every due time is one run, with a separate job that ends by itself [RS1, RS28, RS3, GD38]', async () => {
  const runs = await endedRuns(2);

  const dues = runs.map(dueOf);
  expect(dues.map((due) => due % PERIOD_MS)).toEqual(dues.map(() => 0));
  expect(dues.slice(1).map((due, index) => due - (dues[index] ?? 0))).toEqual(
    dues.slice(1).map(() => PERIOD_MS),
  );
  const ran = runs.filter(({ status }) => status !== 'skipped');
  expect(ran.map(({ status }) => status)).toEqual(ran.map(() => 'succeeded'));
  // On a slow machine a run may be active at the next due time, which its overlap policy skips.
  const skipped = runs.filter(({ status }) => status === 'skipped');
  expect(skipped.filter((run) => !ran.some((other) => wasActive(other, dueOf(run))))).toEqual([]);
  for (const { runId } of runs) {
    const run = await show(world, runId);
    expect(await leftBy(world, run)).toEqual(onlyRecord(run));
  }
});

test('of the due times that passed while everything was down the latest runs, and the others are recorded as missed', async () => {
  const ports = portsOf(world.environment);
  await world.stop();
  const { clock } = world;
  const first = Math.ceil(clock.now().getTime() / PERIOD_MS) * PERIOD_MS;
  await new Promise<void>((resolve) => {
    clock.at(new Date(first + 2 * PERIOD_MS + 60_000), resolve);
  });

  world = await openWorld({ ...start, folder: world.folder, ports });
  let runs: readonly Run[] = [];
  const caughtUp = await eventually(
    world,
    'the run of the latest due time that passed',
    async () => {
      runs = (await runsOf(world, 'nightly-report')).filter((run) => dueOf(run) >= first);
      const index = runs.toReversed().findIndex(({ status }) => status !== 'missed');
      const passed = runs.toReversed().slice(0, index + 1);
      return index !== -1 && passed.every(hasEnded) ? passed : undefined;
    },
    () => runs.map(({ dueAt, status }) => [dueAt, status]),
  );

  // However long the start took: none is left out, and the last of them ran.
  expect(caughtUp.length).toBeGreaterThanOrEqual(3);
  expect(caughtUp.map(dueOf)).toEqual(caughtUp.map((_, index) => first + index * PERIOD_MS));
  expect(caughtUp.map(({ status }) => status)).toEqual([
    ...caughtUp.slice(1).map(() => 'missed'),
    'succeeded',
  ]);
});
