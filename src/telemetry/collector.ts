import { z } from 'zod';

/** The settings of telemetry, with the names of the OpenTelemetry specification. */

/** The collector that receives telemetry. */
export interface Collector {
  /** Base URL without a slash at its end; `/v1/traces` and `/v1/metrics` are appended. */
  readonly endpoint: string;
  /** Headers of each request. They may contain secrets. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A pair of the form `name=value`, its value encoded as in a URL. */
const HEADER = /^\s*([!#$%&'*+.^_`|~0-9a-z-]+)\s*=([^\0\r\n]*)$/i;

/** https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables */
const headerList = z.string().transform((text, context): Readonly<Record<string, string>> => {
  const pairs = text
    .split(',')
    .filter((pair) => pair.trim() !== '')
    .map(headerIn);
  const known = pairs.filter((pair) => pair !== null);
  if (known.length === pairs.length) return Object.fromEntries(known);
  context.addIssue({ code: 'custom', message: 'must be name=value, separated by commas' });
  return z.NEVER;
});

function headerIn(pair: string): readonly [string, string] | null {
  const [, name, value = ''] = HEADER.exec(pair) ?? [];
  if (name === undefined) return null;
  try {
    const decoded = decodeURIComponent(value.trim());
    return /[\0\r\n]/.test(decoded) ? null : [name.toLowerCase(), decoded];
  } catch {
    return null;
  }
}

export const collectorRows = {
  OTEL_EXPORTER_OTLP_ENDPOINT: [
    z.url({ protocol: /^https?$/ }).optional(),
    'the OpenTelemetry collector that receives traces and metrics of runs as OTLP over HTTP, such as https://collector.example.com:4318; without it nothing is exported',
  ],
  OTEL_EXPORTER_OTLP_HEADERS: [
    headerList.default({}),
    'the headers of requests to the collector, such as api-key=secret,tenant=night, values encoded as in a URL; to an address over http only on this machine',
  ],
} as const satisfies Record<string, readonly [z.ZodType, string]>;

interface CollectorValues {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  readonly OTEL_EXPORTER_OTLP_HEADERS?: Readonly<Record<string, string>> | undefined;
}

/** Null where telemetry is switched off. */
export function collectorIn(values: CollectorValues): Collector | null {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_HEADERS: headers = {} } = values;
  return url === undefined ? null : { endpoint: url.replace(/\/+$/, ''), headers };
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** Headers are credentials: they are sent over TLS, or to this machine. */
export function* unsafeHeaders(values: CollectorValues): Generator<string> {
  const collector = collectorIn(values);
  if (collector === null || Object.keys(collector.headers).length === 0) return;
  const { protocol, hostname } = new URL(collector.endpoint);
  if (protocol === 'https:' || LOOPBACK.has(hostname)) return;
  yield `OTEL_EXPORTER_OTLP_HEADERS: not sent over http; it is ${collectorRows.OTEL_EXPORTER_OTLP_HEADERS[1]}`;
}
