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
  type OwnWorld,
} from './environment';

/** The timer of the nightly report, set to every 20 minutes of a clock that runs fast. */

const PERIOD_MS = 20 * 60_000;
const start = {
  name: 'schedule',
  speed: 240,
  settings: { SCHEDULE_NIGHTLY_REPORT: '0 */20 * * * *', WEBSITE_TIME_ZONE: 'Europe/Berlin' },
} as const;

let world: OwnWorld;
beforeAll(async () => {
  world = await openWorld(start);
  await drop(world.blobs, 'reports-in', 'rain.csv', 'day,mm\n2030-01-01,3\n');
});
afterAll(() => closeWorld(world));

interface Occurrence {
  readonly kind: string;
  readonly due: string;
}

function dueOf(run: Run): number {
  const { occurrence } = run.record as unknown as { readonly occurrence: Occurrence };
  return Date.parse(occurrence.due);
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
  expect(runs.map(({ status }) => status)).toEqual(runs.map(() => 'succeeded'));
  for (const run of runs) expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});

test('a due time that passed while everything was down is made up for', async () => {
  const ports = portsOf(world.environment);
  await world.stop();
  const { clock } = world;
  const missed = Math.ceil(clock.now().getTime() / PERIOD_MS) * PERIOD_MS;
  await new Promise<void>((resolve) => clock.at(new Date(missed + 60_000), resolve));

  world = await openWorld({ ...start, folder: world.folder, ports });
  const run = await eventually(world, 'the run of the missed time', async () =>
    (await runsOf(world, 'nightly-report')).find((run) => hasEnded(run) && dueOf(run) === missed),
  );

  expect(run.status).toBe('succeeded');
  expect(await leftBy(world, run)).toEqual(onlyRecord(run));
});
