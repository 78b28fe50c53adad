import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { TaskView } from '../../src/run/finish/reads';
import { recordBlob, RUNS_CONTAINER, taskListBlob } from '../../src/run/names';
import type { Milestone } from '../../src/run/run';
import { telemetryOf, type TelemetryParts } from '../../src/telemetry/telemetry';
import { MemoryFiles } from '../memory-files';

/** Shared by the tests of telemetry: a collector on the loopback address, and files of runs. */

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

export interface TestCollector {
  readonly endpoint: string;
  readonly received: Received[];
  /** Bodies of the requests that a path has received. */
  readonly bodiesAt: <Body>(path: string) => readonly Body[];
  /** Resolves at the next request. */
  readonly request: () => Promise<void>;
}

/** Takes OTLP/HTTP as JSON and answers with the status; null for no answer at all. Ends with the test. */
export async function collector(status: number | null = 200): Promise<TestCollector> {
  const received: Received[] = [];
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      const body = JSON.parse(Buffer.concat(chunks).toString()) as unknown;
      received.push({ path, headers, body });
      for (const resolve of waiting.splice(0)) resolve();
      if (status === null) return;
      // A careless collector repeats the credentials that it does not accept.
      const reason = status === 200 ? 'OK' : `Refused ${headers['api-key']?.toString()}`;
      response.writeHead(status, reason, { 'content-type': 'application/json' });
      response.end(status === 200 ? '{}' : JSON.stringify({ message: headers['api-key'] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    received,
    bodiesAt: <Body>(path: string) =>
      received.filter((one) => one.path === path).map(({ body }) => body as Body),
    request: () => new Promise((resolve) => waiting.push(resolve)),
  };
}

/** The telemetry of one host, with the lines of its log. */
export function hostWith(endpoint: string, changed: Partial<TelemetryParts> = {}) {
  const log: string[] = [];
  const telemetry = telemetryOf({
    collector: { endpoint, headers: { 'api-key': 's3cret' } },
    about: { name: 'nights', environment: 'Production', currency: 'USD' },
    instanceId: 'instance-1',
    files: new MemoryFiles(),
    // Shorter than the pause before the first retry.
    timeoutMs: 900,
    timeout: () => new AbortController().signal,
    warn: (line) => void log.push(line),
    ...changed,
  });
  return { telemetry, log };
}

/** The files that a run has left: its record, as far as a trace needs it, and its tasks. */
export function filesOf(
  runId: string,
  timeline: readonly Milestone[],
  tasks: readonly TaskView[],
): MemoryFiles {
  const files = new MemoryFiles();
  files.put(RUNS_CONTAINER, recordBlob(runId), JSON.stringify({ runId, timeline }));
  const lines = [{ isComplete: true }, ...tasks].map((line) => JSON.stringify(line));
  files.put(RUNS_CONTAINER, taskListBlob(runId), `${lines.join('\n')}\n`);
  return files;
}

export function taskView(changed: Partial<TaskView> = {}): TaskView {
  return {
    id: '00001',
    state: 'succeeded',
    node: 'tvm-1',
    exitCode: 0,
    startedAt: '2026-11-30T02:05:00.000Z',
    endedAt: '2026-11-30T02:10:00.000Z',
    retries: 0,
    requeues: 0,
    input: null,
    cause: null,
    ...changed,
  };
}

/** A span as OTLP has it in JSON. */
export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number; readonly message?: string };
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
}

interface Attribute {
  readonly key: string;
  readonly value: Readonly<Record<string, string | number>>;
}

export interface TraceBody {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

export function spansIn(bodies: readonly TraceBody[]): readonly OtlpSpan[] {
  return bodies.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );
}

interface DataPoint {
  readonly attributes: readonly Attribute[];
  readonly asDouble?: number;
  readonly asInt?: number;
  readonly count?: number;
  readonly sum?: number;
}

export interface MetricsBody {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string;
        readonly unit: string;
        readonly sum?: Sum;
        readonly histogram?: Sum;
      }[];
    }[];
  }[];
}

interface Sum {
  readonly dataPoints: readonly DataPoint[];
  readonly aggregationTemporality: number;
}

/** Each data point as one line: name, value or sum, unit, temporality, attributes. */
export function pointsIn(bodies: readonly MetricsBody[]): readonly string[] {
  return bodies
    .flatMap(({ resourceMetrics }) => resourceMetrics)
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics)
    .flatMap(({ name, unit, sum, histogram }) =>
      (sum ?? histogram)?.dataPoints.map((point) => {
        const value = point.asDouble ?? point.asInt ?? `${point.count} of ${point.sum}`;
        const { aggregationTemporality } = sum ?? histogram ?? {};
        const kind = aggregationTemporality === 1 ? 'delta' : 'cumulative';
        return `${name} ${value} ${unit} ${kind} ${JSON.stringify(valuesOf(point.attributes))}`;
      }),
    )
    .filter((line) => line !== undefined);
}

export function valuesOf(attributes: readonly Attribute[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
