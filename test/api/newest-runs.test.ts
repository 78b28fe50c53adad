import {
  OrchestrationRuntimeStatus,
  type DurableClient,
  type DurableOrchestrationStatus,
  type OrchestrationFilter,
} from 'durable-functions';
import { expect, test } from 'vitest';
import { newestRuns } from '../../src/api/runs';
import { RUN_ORCHESTRATION } from '../../src/run/workflow';

const NOW = new Date('2030-06-01T00:00:00Z');
const HOUR_MS = 3_600_000;

/** A task hub with runs of this age in hours, and the days of history that were requested. */
function hubWith(
  runs: readonly { readonly id: string; readonly hours: number; readonly newSince?: number }[],
) {
  const statuses = runs.map(({ id, hours, newSince = hours }) => {
    const ago = (count: number) => new Date(NOW.getTime() - count * HOUR_MS);
    return {
      name: RUN_ORCHESTRATION,
      instanceId: id,
      runtimeStatus: OrchestrationRuntimeStatus.Running,
      createdTime: ago(newSince),
      customStatus: { phase: 'working', timeline: [{ at: ago(hours).toISOString() }] },
    } as unknown as DurableOrchestrationStatus;
  });
  const asked: number[] = [];
  const client = {
    getStatusBy: async ({ createdTimeFrom: from = new Date(0) }: OrchestrationFilter) => {
      asked.push((NOW.getTime() - from.getTime()) / (24 * HOUR_MS));
      return statuses.filter(({ createdTime }) => createdTime >= from);
    },
    getStatusAll: async () => {
      asked.push(Number.POSITIVE_INFINITY);
      return statuses;
    },
  } as unknown as DurableClient;
  const newest = async (workload: string | undefined, limit: number) =>
    (await newestRuns(client, workload, limit, NOW)).map(({ runId }) => runId);
  return { newest, asked };
}

const hourly = Array.from({ length: 2000 }, (_, hours) => ({
  id: `often-${String(hours).padStart(16, '0')}`,
  hours: hours + 1,
}));
const rare = { id: 'rare-00000000000000aa', hours: 1900 };

test('the newest runs come first, and no more history is read than necessary', async () => {
  const { newest, asked } = hubWith([rare, ...hourly.toReversed()]);

  expect(await newest(undefined, 20)).toEqual(hourly.slice(0, 20).map(({ id }) => id));
  expect(asked.splice(0)).toEqual([1]);
  expect(await newest('often', 100)).toEqual(hourly.slice(0, 100).map(({ id }) => id));
  expect(asked.splice(0)).toEqual([1, 8]);
  expect(await newest('rare', 1)).toEqual([rare.id]);
  expect(asked).toEqual([1, 8, 60, Number.POSITIVE_INFINITY]);
});

test('the age of a run is that of its first history, not of its newest', async () => {
  const old = { id: 'long-0000000000000001', hours: 40, newSince: 1 };
  const middle = { id: 'long-0000000000000002', hours: 30 };
  const { newest } = hubWith([old, middle, { id: 'long-0000000000000003', hours: 2 }]);

  expect(await newest(undefined, 2)).toEqual(['long-0000000000000003', middle.id]);
});
