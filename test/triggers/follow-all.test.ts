import { InvocationContext, type Timer } from '@azure/functions';
import { afterEach, expect, test } from 'vitest';
import { admissionOf } from '../../src/app';
import { admit } from '../../src/ledger/admit';
import { runIdOf } from '../../src/ledger/keys';
import { readActive, readOccurrence } from '../../src/ledger/ledger';
import { listOccurrences } from '../../src/ledger/list';
import { pause } from '../../src/ledger/pauses';
import { timerHandler } from '../../src/triggers/timer';
import { reconcileHandler } from '../../src/triggers/reconcile';
import type { Occurrence } from '../../src/run/run';
import { registerFollowUps } from '../../src/ledger/follow-ups';
import { startRun } from '../../src/start-run';
import type { WorkloadDeclaration } from '../../src/workload/workload';
import { present, testApp, type TestApp } from '../api/given';
import { minute, OWNER, whole } from '../run/given';
import { clientOn, stageForEach, START } from '../run/stage';

const stage = stageForEach(afterEach);

const DUE = minute(0).toISOString();
const nightly = { schedule: '0 0 2 * * *' };

function world(whenNotSucceeded: 'skip' | 'run' = 'skip'): TestApp {
  return testApp([
    { ...whole, name: 'sales', triggers: nightly },
    { ...whole, name: 'stock', triggers: nightly },
    {
      ...whole,
      name: 'sum',
      triggers: { after: { all: ['sales', 'stock'], whenNotSucceeded } },
      startWithinMinutes: 60,
    },
  ]);
}

function timerAt(next: string): Timer {
  const scheduleStatus = { last: next, next, lastUpdated: next };
  return { isPastDue: false, schedule: { adjustForDST: false }, scheduleStatus };
}

async function fire({ app, hub }: TestApp, name: string): Promise<string> {
  const handler = timerHandler(app, present(app.workloads.get(name)));
  const context = new InvocationContext({ invocationId: 'a', logHandler: () => undefined });
  await handler(timerAt(DUE), hub.client, context);
  return runIdOf({ ...identity(name), occurrence: { kind: 'schedule', due: DUE } });
}

function identity(workload: string) {
  return { owner: OWNER, workload, instant: DUE, attempt: 0 };
}

const SUM_OCCURRENCE: Occurrence = {
  kind: 'afterAll',
  due: DUE,
  timeZone: 'UTC',
  workloads: ['sales', 'stock'],
  runs: {},
};
const SUM = runIdOf({ ...identity('sum'), occurrence: SUM_OCCURRENCE });

/** A run that has started comes to its end, and what waited is admitted. */
async function endAs(
  { app, hub, claim, end }: TestApp,
  runId: string,
  state: 'succeeded' | 'failed',
): Promise<void> {
  await claim(runId);
  await end(runId, { state, endedAt: app.now().toISOString() });
  await admit(admissionOf(app, hub.client));
}

async function stateOf({ table }: TestApp, runId: string): Promise<string> {
  const active = await readActive(table, runId);
  if (active !== null) return `${active.value.state}: ${active.value.reason?.cause ?? ''}`;
  const row = await readOccurrence(table, runId);
  return row === null ? 'unknown' : `${row.value.state}: ${row.value.cause ?? ''}`;
}

test('a run that waits for several is in the ledger from the first due time on, and starts when all have succeeded', async () => {
  const at = world();
  const sales = await fire(at, 'sales');
  const early = await stateOf(at, SUM);
  await endAs(at, sales, 'succeeded');
  const stock = await fire(at, 'stock');
  const late = await stateOf(at, SUM);
  await endAs(at, stock, 'succeeded');

  expect([early, late, await stateOf(at, SUM)]).toEqual([
    `queued: the run of sales for ${DUE} has not ended`,
    `queued: the run of stock for ${DUE} has not ended`,
    'starting: ',
  ]);
  expect(present(await readActive(at.table, SUM)).value.request.occurrence).toEqual({
    ...SUM_OCCURRENCE,
    runs: { sales, stock },
  });
});

test.each<['skip' | 'run', string]>([
  ['skip', 'skipped: run STOCK of stock failed'],
  ['run', 'starting: '],
])(
  'when one of several fails, the run that waits for them follows its policy: %s',
  async (policy, state) => {
    const at = world(policy);
    const [sales, stock] = [await fire(at, 'sales'), await fire(at, 'stock')];
    await endAs(at, stock, 'failed');
    await endAs(at, sales, 'succeeded');

    expect(await stateOf(at, SUM)).toBe(state.replace('STOCK', stock));
  },
);

test('the due time of a pause is skipped, and so is what waits for it', async () => {
  const at = world();
  await pause(at.table, 'stock', {
    since: minute(-60).toISOString(),
    until: null,
    by: 'me',
    reason: 'stocktaking',
  });
  const [sales, stock] = [await fire(at, 'sales'), await fire(at, 'stock')];
  await endAs(at, sales, 'succeeded');

  expect(await stateOf(at, SUM)).toBe(`skipped: run ${stock} of stock was skipped`);
});

test('due times that passed while the app was down are missed for all of a chain but the last', async () => {
  const at = world();
  const reconciler = reconcileHandler(at.app);
  const pass = () =>
    reconciler(timerAt(DUE), at.hub.client, new InvocationContext({ logHandler: () => undefined }));
  at.at(-60);
  await pass();
  at.at(3 * 24 * 60 + 30);
  await pass();

  const { rows } = await listOccurrences(at.table, {
    workloads: ['sales', 'sum'],
    states: null,
    since: null,
    until: null,
    after: null,
    limit: 100,
  });
  const day = (due: string) => due.slice(8, 10);
  expect(
    rows.map(({ workload, instant, state }) => `${day(instant)} ${workload} ${state}`).sort(),
  ).toEqual([
    '21 sales missed',
    '21 sum skipped',
    '22 sales missed',
    '22 sum skipped',
    '23 sales missed',
    '23 sum skipped',
    '24 sales open',
    '24 sum open',
  ]);
});

test('the start window of a run that waits for several begins when the last of them has ended', async () => {
  const at = world();
  const [sales, stock] = [await fire(at, 'sales'), await fire(at, 'stock')];
  at.at(600);
  await endAs(at, sales, 'succeeded');
  await at.claim(stock);
  await at.end(stock, { endedAt: at.app.now().toISOString() });
  at.at(661);
  await admit(admissionOf(at.app, at.hub.client));

  expect(await stateOf(at, SUM)).toBe(
    `missed: the run could not start before ${minute(660).toISOString()}`,
  );
});

test('another attempt of a run gives what waits for it another attempt, once', async () => {
  const at = world();
  const [sales, stock] = [await fire(at, 'sales'), await fire(at, 'stock')];
  await endAs(at, sales, 'succeeded');
  await endAs(at, stock, 'failed');
  const again = async (attempt: number) => {
    const occurrence = { kind: 'schedule', due: DUE } as const;
    await registerFollowUps(at.app, { workload: 'stock', occurrence, parameters: {} }, attempt);
  };
  await again(0);
  const untouched = await readOccurrence(at.table, attemptOfSum(1));
  await again(1);
  await again(1);

  expect(untouched).toBeNull();
  expect(await stateOf(at, attemptOfSum(1))).toBe('known: ');
  expect(await readOccurrence(at.table, attemptOfSum(2))).toBeNull();
});

function attemptOfSum(attempt: number): string {
  return runIdOf({ ...identity('sum'), occurrence: SUM_OCCURRENCE, attempt });
}

const task = { command: 'node work.mjs' };

test('the inputs of a run that follows several have the names of their workloads', async () => {
  const triggers = { schedule: '0 0 2 * * *' };
  const work = { kind: 'sweep', task, over: { PAGE: [1] } } satisfies WorkloadDeclaration['work'];
  const stand = await stage([
    { name: 'sales', description: 'one', triggers, pool: {}, work },
    { name: 'stock', description: 'other', triggers, pool: {}, work },
    {
      name: 'sum',
      description: 'follows both',
      triggers: { after: { all: ['sales', 'stock'] } },
      inputs: { from: 'previous' },
      pool: {},
      work: { kind: 'perBlob', task },
    },
  ]);
  const { app, hub, files } = stand;
  const occurrence = { kind: 'schedule', due: START, timeZone: 'UTC' } as const;
  const begin = async (workload: string) => {
    const request = { workload, occurrence, parameters: {} };
    return (await startRun(app, clientOn(hub), present(app.workloads.get(workload)), request))
      .runId;
  };
  const [sales, stock] = [await begin('sales'), await begin('stock')];
  await hub.settled();
  for (const runId of [sales, stock]) files.put(`run-${runId}-out`, 'results/total.csv', runId);
  await stand.end(sales);
  await stand.end(stock);
  const sum = runIdOf({
    owner: OWNER,
    workload: 'sum',
    occurrence: { ...SUM_OCCURRENCE, due: START },
    instant: START,
    attempt: 0,
  });

  expect((await stand.end(sum)).outcome).toEqual({ kind: 'succeeded' });
  const tasks = [...stand.batchOf(sum).tasks.values()];
  expect(tasks.map(({ spec }) => spec.environment['INPUT_NAME'])).toEqual([
    'sales/results/total.csv',
    'stock/results/total.csv',
  ]);
  expect(stand.batchOf(sum).job?.spec.environment).toMatchObject({
    RUN_FOLLOWS: `${sales} ${stock}`,
    RUN_DUE_AT: START,
  });
});
