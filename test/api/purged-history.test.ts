import { HttpRequest, InvocationContext } from '@azure/functions';
import { expect, test } from 'vitest';
import { showHandler } from '../../src/api/runs';
import { outputsHandler } from '../../src/api/outputs';
import { MemoryHub } from '../hub';
import { watchWith, whole } from '../run/given';
import { now, worldOf } from '../run/world';
import type { Api, HttpHandler } from '../../src/api/handler';

async function recorded() {
  const { plan, files, activities, tools } = worldOf(whole);
  await activities.record({
    plan,
    outcome: { kind: 'failed', code: 'taskFailed', cause: '1 task failed' },
    harvest: { results: [], logs: [], missing: [], missingTasks: 0, errorDetail: null },
    watch: watchWith(),
    cleanedUp: [],
    followers: [],
    endedAt: now,
  });
  files.put(plan.outputContainer, 'results/a', '1');
  const api: Api = { ports: tools, workloads: tools.workloads };
  return { runId: plan.runId, api };
}

async function answerOf(handler: HttpHandler, runId: string) {
  const url = `http://app/api/runs/${runId}/outputs`;
  const request = new HttpRequest({ method: 'GET', url, params: { id: runId } });
  return handler(request, new MemoryHub().client, new InvocationContext());
}

test('a run whose history was purged is shown from its record, as one that has ended', async () => {
  const { runId, api } = await recorded();

  const answer = await answerOf(showHandler(api), runId);

  expect(answer).toMatchObject({
    status: 200,
    headers: {},
    jsonBody: {
      runId,
      workload: 'hello',
      status: 'failed',
      phase: 'ended',
      cause: { code: 'taskFailed', message: '1 task failed' },
      record: { runId, endedAt: now },
    },
  });
});

test('the outputs of a run whose history was purged are listed', async () => {
  const { runId, api } = await recorded();

  const url = `http://app/api/runs/${runId}/outputs/results/a`;
  expect(await answerOf(outputsHandler(api), runId)).toEqual({
    status: 200,
    jsonBody: { files: [{ name: 'results/a', bytes: 1, url }], isComplete: true },
  });
});

test('a run with neither history nor record is unknown', async () => {
  const { api } = await recorded();

  for (const handler of [showHandler(api), outputsHandler(api)]) {
    const { status, body } = await answerOf(handler, 'hello-0123456789abcdef');
    expect([status, body]).toEqual([404, expect.stringContaining('urn:nightshift:unknownRun')]);
  }
});
