import { SpanKind, SpanStatusCode, TraceFlags, type HrTime } from '@opentelemetry/api';
import {
  AggregationTemporalityPreference,
  OTLPMetricExporter,
} from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes, type Resource } from '@opentelemetry/resources';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { AboutApp } from '../about';
import type { Collector } from './collector';
import { BUCKET_SECONDS, instruments, type InstrumentName, type Point } from './points';
import type { SpanData, SpanRef } from './spans';
import type { Exporter } from './exporter';

/** The exporters of OpenTelemetry. Only a dynamic import loads this file. */

export interface OtlpParts {
  readonly collector: Collector;
  readonly about: AboutApp;
  readonly instanceId: string;
  readonly timeoutMs: number;
}

const SCOPE = { name: 'nightshift' };

export function otlpExporter(parts: OtlpParts): Exporter {
  const resource = resourceOf(parts);
  const traces = new OTLPTraceExporter(configOf(parts, 'traces'));
  const metrics = metricsOf(parts, resource);
  const sendSpans = async (spans: readonly SpanData[]) => {
    const readable = spans.map((span) => readableSpan(span, resource));
    if (readable.length > 0) await exported((done) => traces.export(readable, done), 'traces');
  };
  return {
    record: metrics.record,
    send: async (spans) => {
      const results = await Promise.allSettled([sendSpans(spans), metrics.send()]);
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

function configOf({ collector, timeoutMs }: OtlpParts, signal: 'traces' | 'metrics') {
  const { endpoint, headers } = collector;
  return {
    url: `${endpoint}/v1/${signal}`,
    headers: { ...headers },
    timeoutMillis: timeoutMs,
  };
}

function resourceOf({ about, instanceId }: OtlpParts): Resource {
  return resourceFromAttributes({
    'service.name': about.name,
    'service.instance.id': instanceId,
    ...(about.environment !== null && { 'deployment.environment.name': about.environment }),
  });
}

interface ExportResult {
  readonly code: number;
  readonly error?: Error;
}

/** `ExportResultCode.SUCCESS` of `@opentelemetry/core`. */
const SUCCESS = 0;

function exported(
  send: (done: (result: ExportResult) => void) => void,
  signal: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    send(({ code, error }) => {
      if (code === SUCCESS) resolve();
      else reject(new Error(reasonOf(signal, error)));
    });
  });
}

/** The status or the code of the network. The answer of the collector may repeat the headers. */
function reasonOf(signal: string, error: Error | undefined): string {
  const code: unknown = error !== undefined && 'code' in error ? error.code : undefined;
  if (typeof code === 'number') return `the collector answered ${signal} with status ${code}`;
  return `the collector was not reached with ${signal}${typeof code === 'string' ? ` (${code})` : ''}`;
}

function readableSpan(span: SpanData, resource: Resource): ReadableSpan {
  const { parentSpanId, name, attributes, error, links, traceId } = span;
  const [startTime, endTime] = [hrTime(span.startedAt), hrTime(span.endedAt)];
  return {
    name,
    kind: SpanKind.INTERNAL,
    spanContext: () => contextOf(span),
    ...(parentSpanId !== null && {
      parentSpanContext: contextOf({ traceId, spanId: parentSpanId }),
    }),
    startTime,
    endTime,
    duration: hrTime(Date.parse(span.endedAt) - Date.parse(span.startedAt)),
    ended: true,
    status:
      error === null
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: error },
    attributes,
    links: links.map((link) => ({ context: contextOf(link) })),
    events: [],
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function contextOf({ traceId, spanId }: SpanRef) {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

/** Seconds and nanoseconds. */
function hrTime(time: string | number): HrTime {
  const ms = typeof time === 'number' ? time : Date.parse(time);
  return [Math.floor(ms / 1000), (((ms % 1000) + 1000) % 1000) * 1_000_000];
}

/** Collects when it is asked to: the host may be stopped between two intervals. */
class OnDemandReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** Sums are those since the last export, since an instance of the app lives for minutes. */
function metricsOf(parts: OtlpParts, resource: Resource) {
  const exporter = new OTLPMetricExporter({
    ...configOf(parts, 'metrics'),
    temporalityPreference: AggregationTemporalityPreference.DELTA,
  });
  const reader = new OnDemandReader({
    aggregationTemporalitySelector: (type) => exporter.selectAggregationTemporality(type),
  });
  const add = instrumentsOn(new MeterProvider({ resource, readers: [reader] }));
  return {
    record: (points: readonly Point[]) => {
      for (const point of points) add(point);
    },
    send: async () => {
      const { resourceMetrics } = await reader.collect();
      if (resourceMetrics.scopeMetrics.length === 0) return;
      await exported((done) => exporter.export(resourceMetrics, done), 'metrics');
    },
  };
}

function instrumentsOn(provider: MeterProvider): (point: Point) => void {
  const meter = provider.getMeter(SCOPE.name);
  const record = (name: InstrumentName) => {
    const { kind, unit, description } = instruments[name];
    if (kind === 'counter') return meter.createCounter(name, { unit, description });
    const advice = { explicitBucketBoundaries: [...BUCKET_SECONDS] };
    return meter.createHistogram(name, { unit, description, advice });
  };
  const known = new Map<InstrumentName, ReturnType<typeof record>>();
  return ({ name, value, attributes }) => {
    const instrument = known.get(name) ?? record(name);
    known.set(name, instrument);
    if ('add' in instrument) instrument.add(value, { ...attributes });
    else instrument.record(value, { ...attributes });
  };
}
