import { expect, test } from 'vitest';
import { showHandler } from '../../src/api/runs';
import { outputsHandler } from '../../src/api/outputs';
import type { OperationHandler } from '../../src/api/handler';
import { whole } from '../run/given';
import { answerTo, testApp, type TestApp } from './given';
import { outputContainerOf } from '../../src/run/names';
import { recordWithoutRun } from '../../src/run/finish/record-without-run';

const RUN = 'hello-0123456789abcdef';
const ENDED = '2026-11-21T02:30:00.000Z';

/** An app that has the record of a run, and neither rows nor history. */
async function recorded(): Promise<TestApp> {
  const world = testApp([whole]);
  await recordWithoutRun(world.files, {
    runId: RUN,
    request: { workload: 'hello', occurrence: { kind: 'request', key: 'a' }, parameters: {} },
    outcome: { kind: 'failed', code: 'taskFailed', cause: '1 task failed' },
    workload: null,
    startedAt: ENDED,
    endedAt: ENDED,
  });
  world.files.put(outputContainerOf(RUN), 'results/a', '1');
  return world;
}

function answerOf({ hub }: TestApp, handler: OperationHandler, id: string) {
  return answerTo(handler, hub, { path: `/api/runs/${id}/outputs`, params: { id } });
}

test('a run whose history was purged is shown from its record, as one that has ended', async () => {
  const world = await recorded();

  expect(await answerOf(world, showHandler(world.app), RUN)).toMatchObject({
    status: 200,
    headers: {},
    body: {
      runId: RUN,
      workload: 'hello',
      status: 'failed',
      phase: 'ended',
      cause: { code: 'taskFailed', message: '1 task failed' },
      record: { runId: RUN, endedAt: ENDED },
    },
  });
});

test('the outputs of a run whose history was purged are listed', async () => {
  const world = await recorded();

  const url = `http://app/api/runs/${RUN}/outputs/results/a`;
  expect(await answerOf(world, outputsHandler(world.app), RUN)).toEqual({
    status: 200,
    headers: {},
    body: { files: [{ name: 'results/a', bytes: 1, url }], isComplete: true },
  });
});

test('a run with neither rows nor record is unknown', async () => {
  const world = await recorded();

  for (const handler of [showHandler(world.app), outputsHandler(world.app)]) {
    const answer = await answerOf(world, handler, 'hello-0123456789abcdee');
    expect(answer).toMatchObject({ status: 404, body: { type: 'urn:nightshift:unknownRun' } });
  }
});
