import { onTestFinished, expect, test } from 'vitest';
import { batchOn } from '../../../src/azure/batch/batch';
import { batchClientFor } from '../../../src/azure/connect';
import { Failure } from '../../../src/failure';
import { idsOf, taskSetOf } from '../../../src/run/submit/task-set';
import { submitTasks, type Submitted } from '../../../src/run/submit/submit-tasks';
import type { WorkloadDeclaration } from '../../../src/workload/workload';
import { acceptingBatch, type AcceptingBatch, type Misdeeds } from '../../bench/accepting-batch';
import { echo } from '../given';
import { now, worldOf, type World } from '../world';
import type { ActivityContext } from '../../../src/run/activity-context';

/** Submitting through the real client, against a service that does wrong: the set is exact all the same. */

function sweepOf(tasks: number, more: object = {}): WorkloadDeclaration {
  return {
    name: 'hello',
    description: 'many tasks',
    pool: {},
    work: {
      kind: 'sweep',
      task: echo,
      over: { N: { from: 1, to: tasks } },
      maxTasks: 100_000,
      ...more,
    },
  };
}

interface Line {
  readonly world: World;
  readonly tools: ActivityContext;
  readonly service: AcceptingBatch;
}

async function lineTo(
  declaration: WorkloadDeclaration,
  misdeeds: Partial<Misdeeds> = {},
  delayMs = 0,
): Promise<Line> {
  const service = await acceptingBatch(delayMs, misdeeds);
  onTestFinished(() => service.close());
  const world = worldOf(declaration);
  const settings = { batch: { endpoint: service.url, accountKey: null, apiVersion: null } };
  const credential = {
    getToken: async () => ({ token: 'a token', expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
  };
  const client = batchClientFor(settings, credential, world.tools.secrets);
  const pacing = { pause: async () => undefined, random: () => 0.5 };
  await world.activities.stage({ plan: world.plan });
  return { world, service, tools: { ...world.tools, batch: batchOn(client, pacing) } };
}

/** Step by step, each again when it says that this is worth while, as the engine does it. */
async function submitAll({ tools, world }: Line): Promise<Submitted & { steps: number }> {
  let [from, steps] = [0, 0];
  for (let tries = 0; tries < 100; tries++) {
    try {
      const submitted = await submitTasks(tools, { plan: world.plan, from, now });
      steps += 1;
      if (submitted.kind === 'all') return { ...submitted, steps };
      from = submitted.from;
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== 'serviceUnavailable') throw error;
    }
  }
  throw new Error('submitting came to no end');
}

async function plannedIds({ world }: Line): Promise<readonly string[]> {
  const set = await taskSetOf(world.tools, world.workload, world.plan, now);
  return [...idsOf(set)].sort();
}

test('tasks are sent in collections of a hundred, sixteen concurrently [GD33, PI17, PY21]', async () => {
  const line = await lineTo(sweepOf(2000), {}, 1000);

  expect(await submitAll(line)).toEqual({ kind: 'all', tasks: 2000, merge: 'none', steps: 1 });
  expect([...line.service.ids].sort()).toEqual(await plannedIds(line));
  expect(line.service.sent).toEqual({ tasks: 2000, calls: 20, mostAtOnce: 16 });
});

test('collections that are too large are halved, also for later calls [PI17]', async () => {
  const bulky = { ...echo, environment: { BULK: 'x'.repeat(3000) } };
  const line = await lineTo(sweepOf(500, { task: bulky }), { maxBytes: 128 * 1024 });

  await submitAll(line);

  expect([...line.service.ids].sort()).toEqual(await plannedIds(line));
  // A hundred are too many and so are fifty; of twenty-five each, no call is refused.
  expect(line.service.sent.calls).toBe(20);
});

test('a single task that is too large is named and not retried [PI18]', async () => {
  const bulky = { ...echo, environment: { BULK: 'x'.repeat(3000) } };
  const line = await lineTo(sweepOf(3, { task: bulky }), { maxBytes: 2000 });

  await expect(submitAll(line)).rejects.toMatchObject({
    code: 'manifestRefused',
    message: expect.stringMatching(
      /^Batch rejected task N-1-[0-9a-f]+: it is larger than the service accepts$/,
    ) as string,
  });
});

const misdeeds: readonly (readonly [string, Partial<Misdeeds>])[] = [
  ['throttling', { throttled: 0.2 }],
  ['lines that are cut before the call', { cutBefore: 0.2 }],
  ['lines that are cut after it', { cutAfter: 0.2 }],
  ['tasks that the service could not add', { serverErrors: 0.2 }],
  [
    'all of these, and tasks that are said to be there and are not',
    { throttled: 0.1, cutBefore: 0.1, cutAfter: 0.1, serverErrors: 0.1, lost: 0.02 },
  ],
];

test.each(misdeeds)('the task set is exact despite %s [GD33]', async (_what, wrong) => {
  for (let seed = 1; seed <= 3; seed++) {
    const line = await lineTo(sweepOf(700), { ...wrong, seed });

    const submitted = await submitAll(line);

    expect(submitted).toMatchObject({ kind: 'all', tasks: 700 });
    expect([...line.service.ids].sort()).toEqual(await plannedIds(line));
  }
});

test('interrupted and repeated steps complete one task set', async () => {
  const line = await lineTo(sweepOf(20_500), { cutAfter: 0.02, lost: 0.0005 });

  expect(await submitAll(line)).toMatchObject({ tasks: 20_500, steps: 2 });
  expect([...line.service.ids].sort()).toEqual(await plannedIds(line));
}, 60_000);

test('an unplanned task is found and named', async () => {
  const line = await lineTo(sweepOf(50));
  line.service.ids.add('somebody-elses');

  await expect(
    submitTasks(line.tools, { plan: line.world.plan, from: 0, now }),
  ).rejects.toMatchObject({
    code: 'serviceUnavailable',
    message: expect.stringContaining(
      'lacks 0 of 50 tasks () and has 1 unplanned tasks (somebody-elses)',
    ) as string,
  });
});
