import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { NO_OUTBOX, testNotice, type Outbox } from '../../src/ledger/notices';
import { rootRef, spansOf } from '../../src/telemetry/spans';
import { occurrenceRow } from '../ledger/given';
import {
  collector,
  filesOf,
  hostWith,
  pointsIn,
  spansIn,
  taskView,
  valuesOf,
  type MetricsBody,
  type TraceBody,
} from './collector';

const at = (minutes: number) =>
  new Date(Date.parse('2026-11-30T02:00:00.000Z') + minutes * 60_000).toISOString();
const nano = (time: string) => `${Date.parse(time)}000000`;

const failed = occurrenceRow({
  state: 'failed',
  knownAt: at(0),
  startedAt: at(1),
  endedAt: at(30),
  code: 'taskFailed',
  cause: '1 task failed after all retries: https://x/?sig=s3cret',
  nodeMinutes: 40,
  dedicatedMinutes: 10,
  preemptions: 2,
  vmSize: 'standard_d2s_v5',
  cost: 0.5,
});
const timeline = [
  { phase: 'staging', at: at(1) },
  { phase: 'watching', at: at(3) },
  { phase: 'cleaningUp', at: at(25) },
  { phase: 'ended', at: at(30) },
] as const;
const tasks = [
  taskView({ id: '00001', startedAt: at(5), endedAt: at(10) }),
  taskView({
    id: '00002',
    state: 'failed',
    exitCode: 3,
    startedAt: at(6),
    endedAt: at(8),
    retries: 2,
    cause: 'failed with exit code 3',
  }),
  taskView({ id: '00003', state: 'running', exitCode: null, startedAt: at(9), endedAt: null }),
  taskView({ id: '00004', state: 'waiting', exitCode: null, startedAt: null, endedAt: null }),
];
const files = filesOf(failed.runId, timeline, tasks);

const TRACES = '/v1/traces';
const METRICS = '/v1/metrics';

test('a run that ends is one trace at the collector: the run, its time in the queue, its phases and its tasks', async () => {
  const stand = await collector();
  const { telemetry, log } = hostWith(stand.endpoint, { files });

  await telemetry.exportEnd(failed);

  const spans = spansIn(stand.bodiesAt<TraceBody>(TRACES));
  const idOf = (name: string) => spans.find((span) => span.name === name)?.spanId;
  const shown = spans.map(({ name, startTimeUnixNano, endTimeUnixNano, parentSpanId, status }) => [
    name,
    startTimeUnixNano,
    endTimeUnixNano,
    parentSpanId,
    status,
  ]);
  const [run, watching] = [idOf('run report'), idOf('watching')];
  const message = '1 task failed after all retries: https://x/?sig=***';
  expect(log).toEqual([]);
  expect(shown).toEqual([
    ['run report', nano(at(0)), nano(at(30)), undefined, { code: 2, message }],
    ['queued', nano(at(0)), nano(at(1)), run, { code: 0 }],
    ['staging', nano(at(1)), nano(at(3)), run, { code: 0 }],
    ['watching', nano(at(3)), nano(at(25)), run, { code: 0 }],
    ['cleaningUp', nano(at(25)), nano(at(30)), run, { code: 0 }],
    ['task', nano(at(6)), nano(at(8)), watching, { code: 2, message: 'failed with exit code 3' }],
    ['task', nano(at(5)), nano(at(10)), watching, { code: 0 }],
    ['task', nano(at(9)), nano(at(30)), watching, { code: 0 }],
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(
    new Set([rootRef(failed.runId).traceId]),
  );
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
});

test('the spans say which run and which task they are, without inputs and parameters', async () => {
  const stand = await collector();
  const named = [taskView({ input: 'customers.csv' })];
  const row = { ...failed, parameters: { TOKEN: 'hush' } };
  const { telemetry } = hostWith(stand.endpoint, { files: filesOf(row.runId, timeline, named) });

  await telemetry.exportEnd(row);

  const [run, ...rest] = spansIn(stand.bodiesAt<TraceBody>(TRACES));
  expect(valuesOf(run?.attributes ?? [])).toEqual({
    'nightshift.run.id': row.runId,
    'nightshift.workload': 'report',
    'nightshift.outcome': 'failed',
    'nightshift.code': 'taskFailed',
    'nightshift.occurrence': 'schedule',
    'nightshift.due': '2026-11-30T02:00:00.000Z',
    'nightshift.attempt': 0,
    'nightshift.node_minutes': 40,
    'nightshift.dedicated_minutes': 10,
    'nightshift.evictions': 2,
    'nightshift.cost': 0.5,
    'nightshift.vm_size': 'standard_d2s_v5',
    'nightshift.tasks': 1,
    'nightshift.tasks.in_trace': 1,
  });
  expect(valuesOf(rest.at(-1)?.attributes ?? [])).toEqual({
    'nightshift.task.id': '00001',
    'nightshift.task.state': 'succeeded',
    'nightshift.task.exit_code': 0,
    'nightshift.task.node': 'tvm-1',
    'nightshift.task.retries': 0,
    'nightshift.task.requeues': 0,
  });
  const [{ resourceSpans }] = stand.bodiesAt<TraceBody>(TRACES) as [TraceBody];
  expect(valuesOf(resourceSpans[0]?.resource.attributes ?? [])).toEqual({
    'service.name': 'nights',
    'service.instance.id': 'instance-1',
    'deployment.environment.name': 'Production',
  });
  expect(JSON.stringify(stand.received)).not.toMatch(/customers|hush/);
});

test('another host makes the same ids of the same run, and a retry is a trace of its own that is linked to it', async () => {
  const stand = await collector();
  const retry = { ...failed, runId: `${failed.runId}-2`, attempt: 1, retryOf: failed.runId };

  await hostWith(stand.endpoint, { files }).telemetry.exportEnd(failed);
  await hostWith(stand.endpoint, { files, instanceId: 'two' }).telemetry.exportEnd(failed);
  await hostWith(stand.endpoint).telemetry.exportEnd(retry);

  const idsOf = (body: TraceBody) =>
    spansIn([body]).map(({ traceId, spanId }) => [traceId, spanId]);
  const [first, second, third] = stand.bodiesAt<TraceBody>(TRACES) as [
    TraceBody,
    TraceBody,
    TraceBody,
  ];
  expect(idsOf(second)).toEqual(idsOf(first));
  expect(spansIn([third])[0]?.traceId).toBe(rootRef(retry.runId).traceId);
  expect(rootRef(retry.runId).traceId).not.toBe(rootRef(failed.runId).traceId);
  expect(spansIn([third])[0]?.links).toMatchObject([rootRef(failed.runId)]);
});

test('the metrics of an end are its outcome, its time in the queue, its node-minutes and its evictions, each as a delta', async () => {
  const stand = await collector();
  const { telemetry } = hostWith(stand.endpoint, { files });
  const missed = occurrenceRow({ state: 'missed', code: 'startWindowEnded', endedAt: at(60) });

  await telemetry.exportEnd(failed);
  await telemetry.exportEnd(missed);

  const [first, second] = stand.bodiesAt<MetricsBody>(METRICS) as [MetricsBody, MetricsBody];
  const report = '"workload":"report"';
  expect(pointsIn([first])).toEqual([
    `nightshift.runs 1 {run} delta {${report},"outcome":"failed","code":"taskFailed"}`,
    `nightshift.run.queue_time 1 of 60 s delta {${report}}`,
    `nightshift.node_minutes 30 min delta {${report},"kind":"spot"}`,
    `nightshift.node_minutes 10 min delta {${report},"kind":"dedicated"}`,
    `nightshift.evictions 2 {node} delta {${report}}`,
  ]);
  expect(pointsIn([second])).toEqual([
    `nightshift.runs 1 {run} delta {${report},"outcome":"missed","code":"startWindowEnded"}`,
  ]);
});

const notice = testNotice(
  { to: 'on-call', on: ['failed'], form: 'slack', lateMinutes: 30, capacityMinutes: 60 },
  'one',
  at(0),
);
const outbox: Outbox = {
  ...NO_OUTBOX,
  send: async () => ({ kind: 'delivered', status: 204, detail: 'HTTP 204' }),
};

test('each attempt to deliver a notice is counted, with its result', async () => {
  const stand = await collector();
  const { telemetry } = hostWith(stand.endpoint);

  const delivery = await telemetry.counting(outbox).send(notice);

  expect(delivery).toEqual({ kind: 'delivered', status: 204, detail: 'HTTP 204' });
  expect(stand.received.map(({ path: to }) => to)).toEqual([METRICS]);
  expect(pointsIn(stand.bodiesAt<MetricsBody>(METRICS))).toEqual([
    'nightshift.notices 1 {attempt} delta {"workload":"test","event":"test","to":"on-call","result":"delivered"}',
  ]);
});

test('the headers of the setting are sent to the collector with every request', async () => {
  const stand = await collector();
  await hostWith(stand.endpoint).telemetry.exportEnd(failed);

  expect(
    stand.received.map(({ path: to, headers }) => [
      to,
      headers['api-key'],
      headers['content-type'],
    ]),
  ).toEqual([
    [TRACES, 's3cret', 'application/json'],
    [METRICS, 's3cret', 'application/json'],
  ]);
});

test('a collector that refuses is one warning for each run, without headers and without its answer', async () => {
  const stand = await collector(401);
  const { telemetry, log } = hostWith(stand.endpoint, { files });

  await telemetry.exportEnd(failed);
  const delivery = await telemetry.counting(outbox).send(notice);

  expect(delivery.kind).toBe('delivered');
  expect(log).toEqual([
    `telemetry of run ${failed.runId} was not exported: the collector answered traces with status 401`,
  ]);
  // The notice did not try the collector again.
  expect(stand.received.map(({ path: to }) => to)).toEqual([TRACES, METRICS]);
});

test('a collector that cannot be reached is one warning', async () => {
  const { telemetry, log } = hostWith('http://127.0.0.1:1', { files });

  await telemetry.exportEnd(failed);

  expect(log).toEqual([
    `telemetry of run ${failed.runId} was not exported: the collector was not reached with traces (ECONNREFUSED)`,
  ]);
});

test('a collector that never answers delays an end no longer than the timeout', async () => {
  const stand = await collector(null);
  const timeout = new AbortController();
  const { telemetry, log } = hostWith(stand.endpoint, { files, timeout: () => timeout.signal });

  const exporting = telemetry.exportEnd(failed);
  await stand.request();
  timeout.abort();
  await exporting;

  expect(log).toEqual([
    `telemetry of run ${failed.runId} was not exported: the collector took too long`,
  ]);
});

test('files that cannot be read are a warning, and the end is not disturbed', async () => {
  const stand = await collector();
  const broken = filesOf(failed.runId, timeline, tasks);
  broken.readText = async () => {
    throw new Error('storage does not answer');
  };
  const { telemetry, log } = hostWith(stand.endpoint, { files: broken });

  await telemetry.exportEnd(failed);

  expect(log).toEqual([
    `telemetry of run ${failed.runId} was not exported: storage does not answer`,
  ]);
});

test('a trace has at most 1,000 tasks, failed ones first', () => {
  const many = Array.from({ length: 1200 }, (_, index) =>
    taskView({ id: String(index), state: index === 1199 ? 'failed' : 'succeeded' }),
  );

  const spans = spansOf({ row: failed, timeline, tasks: many });

  const ids = spans.flatMap(({ attributes }) => attributes['nightshift.task.id'] ?? []);
  expect([ids.length, ids[0], ids.at(-1)]).toEqual([1000, '1199', '998']);
  expect(spans[0]?.attributes).toMatchObject({
    'nightshift.tasks': 1200,
    'nightshift.tasks.in_trace': 1000,
  });
});

/** Prints the packages of OpenTelemetry that a process has loaded after the end of a run. */
const loadedAfterAnEnd = `
const { telemetryOf } = require('./dist/src/telemetry/telemetry.js');
require('./dist/src/functions.js');
const collector = process.argv[1] === 'on' ? { endpoint: 'http://127.0.0.1:1', headers: {} } : null;
const telemetry = telemetryOf({
  collector, about: { name: 'a', environment: null }, instanceId: 'i', timeoutMs: 100,
  files: { readText: async () => null }, timeout: () => new AbortController().signal, warn: () => {},
});
telemetry.exportEnd({ runId: 'r', workload: 'w', occurrence: { kind: 'request' }, state: 'failed',
  knownAt: '2026-11-30T02:00:00.000Z', startedAt: null, endedAt: null, cause: null, code: null }).then(() => {
  const packages = Object.keys(require.cache).map((file) => /@opentelemetry.([a-z-]+)/.exec(file)?.[1]);
  console.log(JSON.stringify([...new Set(packages)].filter(Boolean).sort()));
  process.exit();
});`;

function loaded(mode: 'on' | 'off'): unknown {
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', loadedAfterAnEnd, mode], {
    cwd: path.resolve(__dirname, '../..'),
    encoding: 'utf8',
  });
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('[')) throw new Error(`${stdout}${stderr}`);
  return JSON.parse(last);
}

test('without the setting the app loads nothing of OpenTelemetry, save the API that Durable Functions loads', () => {
  expect(loaded('off')).toEqual(['api']);
  expect(loaded('on')).toEqual(
    expect.arrayContaining(['exporter-trace-otlp-http', 'exporter-metrics-otlp-http']),
  );
});
