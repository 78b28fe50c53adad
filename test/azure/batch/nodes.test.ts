import { afterEach, expect, test } from 'vitest';
import { OWNER_METADATA, RUN_METADATA } from '../../../src/azure/batch/bodies';
import type { Batch, Owner } from '../../../src/run/ports';
import { scripted, type Answer, type ScriptedBatch } from './scripted-batch';

/** Repair and removal of nodes, as they go over the line. */

let open: ScriptedBatch | undefined;

afterEach(async () => {
  await open?.close();
  open = undefined;
});

const owner: Owner = { owner: 'app-1', runId: 'hello-1', workload: 'hello' };

function poolBody(nodes: number, metadata: Readonly<Record<string, string>>): Answer {
  return {
    status: 200,
    body: {
      id: 'hello-1',
      state: 'active',
      currentLowPriorityNodes: nodes,
      metadata: Object.entries(metadata).map(([name, value]) => ({ name, value })),
    },
  };
}

const mine = { [RUN_METADATA]: 'hello-1', [OWNER_METADATA]: 'app-1' };

async function asking<Result>(
  pool: Answer,
  others: (method: string, path: string) => Answer,
  ask: (batch: Batch) => Promise<Result>,
) {
  open = await scripted(({ method, path }) => (method === 'GET' ? pool : others(method, path)));
  const result = await ask(open.batch);
  return { result, asked: open.asked.map(({ method, path }) => `${method} ${path}`) };
}

const accepted: Answer = { status: 202 };

test('a preparation that is being retried does not count as failed, although its last attempt did', async () => {
  const info = (state: string, nodeId: string) => ({
    poolId: 'hello-1',
    nodeId,
    jobPreparationTaskExecutionInfo: { state, result: 'failure', retryCount: 1 },
  });
  const all = [info('running', 'a'), info('completed', 'b')];
  open = await scripted(({ path }) => {
    const asked = decodeURIComponent(path.replaceAll('+', ' '));
    if (asked.includes('/nodes'))
      return { status: 200, body: { value: ['a', 'b'].map((id) => ({ id, state: 'idle' })) } };
    const isFiltered = asked.includes("jobPreparationTaskExecutionInfo/state eq 'completed'");
    return { status: 200, body: { value: isFiltered ? all.slice(1) : all } };
  });

  expect(await open.batch.countUnprepared('hello-1', 'hello-1')).toBe(1);
});

test('failed nodes are rebooted, and one that permits no reboot is skipped', async () => {
  const refused: Answer = { status: 409, body: { code: 'NodeStateUnusable' } };

  expect(
    await asking(
      poolBody(2, mine),
      (_, path) => (path.includes('/nodes/a/') ? refused : accepted),
      (batch) => batch.rebootNodes('hello-1', ['a', 'b'], owner),
    ),
  ).toEqual({
    result: 1,
    asked: [
      'GET /pools/hello-1',
      'POST /pools/hello-1/nodes/a/reboot',
      'POST /pools/hello-1/nodes/b/reboot',
    ],
  });
});

test('no node of a pool of another run is rebooted [GD40]', async () => {
  const other = { ...mine, [RUN_METADATA]: 'other-1' };

  expect(
    await asking(
      poolBody(2, other),
      () => accepted,
      (batch) => batch.rebootNodes('hello-1', ['a'], owner),
    ),
  ).toEqual({ result: 0, asked: ['GET /pools/hello-1'] });
});

test('a pool that has nodes is scaled to zero before its deletion is requested', async () => {
  const { result, asked } = await asking(
    poolBody(2, mine),
    (method) => (method === 'POST' ? { status: 200 } : accepted),
    (batch) => batch.deletePool('hello-1', owner),
  );

  expect([result, ...asked]).toEqual([
    'deleting',
    'GET /pools/hello-1',
    'POST /pools/hello-1/enableautoscale',
    'DELETE /pools/hello-1',
  ]);
});

test.each([409, 429, 503])(
  'a pool that refuses the formula with %i is deleted all the same, without a retry',
  async (status) => {
    const { asked } = await asking(
      poolBody(2, mine),
      (method) => (method === 'POST' ? { status, body: { code: 'PoolBeingResized' } } : accepted),
      (batch) => batch.deletePool('hello-1', owner),
    );

    expect(asked.slice(1)).toEqual([
      'POST /pools/hello-1/enableautoscale',
      'DELETE /pools/hello-1',
    ]);
    expect(open?.pauses).toEqual([]);
  },
);

test('a pool without nodes is deleted at once', async () => {
  const { asked } = await asking(
    poolBody(0, mine),
    () => accepted,
    (batch) => batch.deletePool('hello-1', owner),
  );

  expect(asked).toEqual(['GET /pools/hello-1', 'DELETE /pools/hello-1']);
});
