import { afterAll, beforeAll, expect, test } from 'vitest';
import { hasEnded, type Run } from '../../local/cli/runs';
import {
  ask,
  closeWorld,
  eventually,
  openWorld,
  portsOf,
  runsOf,
  leftBy,
  onlyRecord,
  show,
  textOf,
  type OwnWorld,
} from './environment';

/**
 * Weeks of schedules. The environment is stopped and comes back at a later time of its clock, so that what
 * is due meanwhile does not depend on how fast this machine is.
 */

const start = { name: 'schedules', app: 'schedules', speed: 240 } as const;

let world: OwnWorld;
beforeAll(async () => {
  world = await openWorld({ ...start, clockAt: '2027-03-27T10:00:00Z' });
  await firstPass();
});
afterAll(() => closeWorld(world));

/** From its first pass on, the reconciler finds each due time. */
async function firstPass(): Promise<void> {
  await eventually(world, 'a pass of the reconciler', async () =>
    lastPasses().length > 0 ? true : undefined,
  );
}

/** The host's log lines on passes that have ended. */
function lastPasses(): readonly string[] {
  return world.lines.filter((line) => /host: .* reconcile .*(succeeded|failed)/.test(line));
}

async function comeBackAt(clockAt: string): Promise<void> {
  const { folder, environment } = world;
  await world.stop();
  world = await openWorld({ ...start, clockAt, folder, ports: portsOf(environment) });
}

/** All occurrences of a workload, oldest first, once there are `count` of them and all have ended. */
function occurrences(workload: string, count: number): Promise<readonly Run[]> {
  let runs: readonly Run[] = [];
  return eventually(
    world,
    `the end of ${count} occurrences of ${workload}`,
    async () => {
      runs = (await runsOf(world, workload)).toReversed();
      return runs.length >= count && runs.every(hasEnded) ? runs : undefined;
    },
    () => runs.map(({ dueAt, status }) => [dueAt, status]),
  );
}

const outline = (runs: readonly Run[]) => runs.map(({ dueAt, status }) => `${dueAt} ${status}`);

const present = (run: Run | undefined): Run => {
  if (run === undefined) throw new Error('there is no such run');
  return run;
};

test('a due time that a timer and two passes find at once is one run', async () => {
  await comeBackAt('2027-03-27T11:59:00Z');
  const passes = { goOn: true };
  const passing = passTwice(passes);
  try {
    const runs = await occurrences('quarterly', 8);

    expect(outline(runs)).toEqual(
      ['12:00', '12:15', '12:30', '12:45', '13:00', '13:15', '13:30', '13:45'].map(
        (time) => `2027-03-27T${time}:00.000Z succeeded`,
      ),
    );
  } finally {
    passes.goOn = false;
    await passing;
  }
});

/** Two passes of the reconciler at once, again and again. */
async function passTwice(passes: { goOn: boolean }): Promise<void> {
  while (passes.goOn) {
    const made = () => lastPasses().length;
    const before = made();
    for (const _ of [1, 2]) await ask(world, 'POST /admin/functions/reconcile', {});
    await eventually(world, 'the end of two passes', async () =>
      made() >= before + 2 || !passes.goOn ? true : undefined,
    );
  }
}

test('due times of a pause are recorded as skipped, also those that passed while everything was down', async () => {
  const paused = await ask(world, 'POST /api/workloads/weekly/pause', {
    reason: 'the source is moved',
    until: '2027-04-06T00:00:00Z',
    by: 'the owner',
  });
  await comeBackAt('2027-11-01T12:00:00Z');
  const runs = await occurrences('weekly', 3);

  expect(paused.status).toBe(200);
  expect(outline(runs)).toEqual([
    '2027-03-29T04:00:00.000Z skipped',
    '2027-04-05T04:00:00.000Z skipped',
    '2027-04-12T04:00:00.000Z succeeded',
  ]);
  expect(runs[0]?.cause).toMatchObject({ code: 'paused' });
  expect(runs[0]?.cause?.message).toMatch(
    /^weekly was paused by the owner at .*, until 2027-04-06T00:00:00.000Z: the source is moved$/,
  );
});

test('each night of the year has one due time, also the two in which a clock changes, and its program knows it', async () => {
  const runs = await occurrences('odd', 8);

  expect(outline(runs)).toEqual(
    [
      // At 02:00 the clock is set to 03:00: 02:30 is due at the change.
      '2027-03-28T01:00',
      '2027-03-29T00:30',
      '2027-03-30T00:30',
      '2027-03-31T00:30',
      '2027-10-28T00:30',
      '2027-10-29T00:30',
      '2027-10-30T00:30',
      // At 03:00 the clock is set back to 02:00: the first 02:30 is due.
      '2027-10-31T00:30',
    ].map((due) => `${due}:00.000Z succeeded`),
  );
  expect(await textOf(world, present(runs[0]), 'results/2027/03/28/due.txt')).toBe(
    '2026-10-31T01:30:00.000Z 2027-03-28T01:00:00.000Z',
  );
  expect(await textOf(world, present(runs[7]), 'results/2027/10/31/due.txt')).toBe(
    '2027-10-30T00:30:00.000Z 2027-10-31T00:30:00.000Z',
  );
});

test('a run that waits for two others runs where both have, and is skipped where they were missed', async () => {
  const runs = await occurrences('summary', 2);
  const [left] = await occurrences('left', 2);

  expect(outline(runs)).toEqual([
    '2027-03-30T00:00:00.000Z skipped',
    '2027-03-31T00:00:00.000Z succeeded',
  ]);
  expect([left?.status, runs[0]?.cause?.message]).toEqual([
    'missed',
    expect.stringContaining(`run ${left?.runId} of left was missed`),
  ]);
  expect(await textOf(world, present(runs[1]), 'results/all.txt')).toBe(
    'left/results/2027/03/31/\nright/results/2027/03/31/\n',
  );
  const ran = await show(world, present(runs[1]).runId);
  expect(await leftBy(world, ran)).toEqual(onlyRecord(ran));
});

test.each(['forbidding', 'queueing', 'replacing', 'allowing'])(
  'seven days are made up for by one backfill, whatever is there already: %s',
  async (workload) => {
    const before = await runsOf(world, workload);
    const range = { from: '2027-03-25', to: '2027-03-31', atOnce: 3 };
    const call = `POST /api/workloads/${workload}/backfill`;
    const plan = await ask(world, call, { ...range, dryRun: true });
    const { status, body } = await ask(world, call, range);
    const { id } = body as { id: string };
    const done = await eventually(world, `the end of backfill ${id}`, async () => {
      const view = (await ask(world, `GET /api/backfills/${id}`)).body as { state: string };
      return view.state === 'active' ? undefined : view;
    });
    const ran = (await runsOf(world, workload)).filter(({ status: is }) => is === 'succeeded');
    const again = await ask(world, call, { ...range, dryRun: true });

    // Most have no row, or passed while everything was down and are missed.
    const there = before.filter(({ status: is }) => is === 'succeeded').length;
    expect([plan.body, again.body]).toMatchObject([{ runs: 7 - there }, { runs: 0 }]);
    expect([status, done]).toMatchObject([202, { state: 'done' }]);
    expect(ran.map(({ dueAt }) => String(dueAt).slice(0, 13)).toSorted()).toEqual([
      '2027-03-25T01',
      '2027-03-26T01',
      '2027-03-27T01',
      // 02:00 is the moment at which the clock is set to 03:00.
      '2027-03-28T01',
      '2027-03-29T00',
      '2027-03-30T00',
      '2027-03-31T00',
    ]);
  },
);
