import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { z } from 'zod';
import type { logPartSchema, nodesSchema } from '../../src/api/schemas/log';
import type { outputsSchema } from '../../src/api/schemas/output';
import type { planSchema } from '../../src/api/schemas/plan';
import type { runSummarySchema, runViewSchema } from '../../src/api/schemas/run';
import type { tasksPageSchema } from '../../src/api/schemas/task';
import type { View } from '../../src/api/schemas/view';
import type { workloadSchema } from '../../src/api/schemas/workload';
import { connectTo } from '../../src/client/api';
import { ApiError } from '../../src/client/api-error';
import type { LogPart } from '../../src/client/logs';
import { locateOutput, type Output } from '../../src/client/outputs';
import { planRun, type Plan } from '../../src/client/plans';
import { listRuns, startRun, type RunSummary, type RunView } from '../../src/client/runs';
import type { NodeView, TasksPage } from '../../src/client/tasks';
import type { WorkloadView } from '../../src/client/workloads';

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the client reads what the app answers', () => {
  type Answer<Schema extends z.ZodType> = View<Schema>;
  const ofApp = (
    summary: Answer<typeof runSummarySchema>,
    view: Answer<typeof runViewSchema>,
    tasks: Answer<typeof tasksPageSchema>,
    nodes: Answer<typeof nodesSchema>['nodes'],
    log: Answer<typeof logPartSchema>,
    files: Answer<typeof outputsSchema>['files'],
    plan: Answer<typeof planSchema>,
    workload: Answer<typeof workloadSchema>,
  ): readonly [
    RunSummary,
    RunView,
    TasksPage,
    readonly NodeView[],
    LogPart,
    readonly Output[],
    Plan,
    WorkloadView,
  ] => [summary, view, tasks, nodes, log, files, plan, workload];

  expect(ofApp).toBeTypeOf('function');
});

test('a key is fetched once, when the app asks for one, and goes with every later request', async () => {
  const keys: unknown[] = [];
  const url = await serve((request, response) => {
    const key = request.headers['x-functions-key'];
    keys.push(key);
    response.writeHead(key === 'fetched' ? 200 : 401).end('{"runs":[],"next":null}');
  });
  let fetched = 0;
  const { send } = connectTo({
    url,
    key: null,
    fetchKey: async () => {
      fetched += 1;
      return 'fetched';
    },
  });

  await listRuns(send);
  await listRuns(send);

  expect([fetched, keys]).toEqual([1, [undefined, 'fetched', 'fetched']]);
});

test('a key that is given and wrong is not replaced by a fetched one', async () => {
  const url = await serve((_request, response) => response.writeHead(401).end());
  const { send } = connectTo({ url, key: 'wrong', fetchKey: async () => 'fetched' });

  await expect(listRuns(send)).rejects.toMatchObject({ kind: 'refused', status: 401 });
});

test('an output is located by the redirect, which is not followed', async () => {
  const asked: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    asked.push(request.url);
    response.writeHead(302, { location: 'https://storage.example/x?sig=1' }).end();
  });
  const { locate } = connectTo({ url, key: 'k' });

  expect(await locateOutput(locate, 'r1', 'results/ä #1.txt')).toBe(
    'https://storage.example/x?sig=1',
  );
  expect(asked).toEqual(['/api/runs/r1/outputs/results/%C3%A4%20%231.txt']);
});

test('a plan with errors is a plan, and a problem document with the same status an error', async () => {
  const bodies: unknown[] = [
    { workload: 'render', errors: ['no quota'] },
    { title: 'badSpecification', detail: 'no such size' },
  ];
  const url = await serve((_request, response) =>
    response.writeHead(422).end(JSON.stringify(bodies.shift())),
  );
  const { send } = connectTo({ url, key: null });

  expect(await planRun(send, 'render', {})).toEqual({ workload: 'render', errors: ['no quota'] });
  await expect(planRun(send, 'render', {})).rejects.toThrow(ApiError);
});

test('a start has its idempotency key as a header', async () => {
  let header: unknown;
  const url = await serve((request, response) => {
    header = request.headers['idempotency-key'];
    response.writeHead(202).end('{"runId":"r1","workload":"render","isNew":true}');
  });
  const { send } = connectTo({ url, key: null });

  expect(await startRun(send, 'render', {}, 'night-1')).toMatchObject({ runId: 'r1' });
  expect(header).toBe('night-1');
});

test('a connection that breaks within an answer is an app that cannot be reached', async () => {
  const url = await serve((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{');
    setImmediate(() => response.destroy());
  });
  const { send } = connectTo({ url, key: null });

  await expect(listRuns(send)).rejects.toMatchObject({ kind: 'unreachable' });
});
