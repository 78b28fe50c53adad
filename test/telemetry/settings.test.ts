import { expect, test } from 'vitest';
import { describeSettings } from '../../src/describe-settings';
import { Failure } from '../../src/failure';
import { readSettings, settingRows } from '../../src/settings';
import type { Workloads } from '../../src/workload/workload';

const CANARY = 's3cret';
const none: Workloads = new Map();
const azure = {
  BATCH_ACCOUNT_ENDPOINT: 'https://mybatch.westeurope.batch.azure.com',
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
};

function errorsIn(environment: Readonly<Record<string, string>>): readonly string[] {
  try {
    readSettings(environment, none);
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.message.split('\n  ').slice(1);
  }
}

test('the collector of telemetry has its address and headers from the variables of OpenTelemetry', () => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'https://collector.example.com:4318/otlp/';
  const OTEL_EXPORTER_OTLP_HEADERS = `Api-Key=${CANARY}, tenant=a%2Cb ,`;
  const set = { ...azure, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS };

  expect(readSettings(azure, none).collector).toBeNull();
  expect(readSettings({ ...azure, OTEL_EXPORTER_OTLP_HEADERS }, none).collector).toBeNull();
  expect(readSettings(set, none).collector).toEqual({
    endpoint: 'https://collector.example.com:4318/otlp',
    headers: { 'api-key': CANARY, tenant: 'a,b' },
  });
  expect(describeSettings(readSettings(set, none), none)).toContain(
    'telemetry: traces and metrics to https://collector.example.com:4318/otlp, with the headers api-key (***), tenant (***)',
  );
});

test('headers for a collector are sent over TLS or to this machine, and to no other address', () => {
  const OTEL_EXPORTER_OTLP_HEADERS = `api-key=${CANARY}`;
  const errors = (OTEL_EXPORTER_OTLP_ENDPOINT: string, more: Readonly<Record<string, string>>) =>
    errorsIn({ ...azure, OTEL_EXPORTER_OTLP_ENDPOINT, ...more });

  expect(errors('http://collector:4318', {})).toEqual([]);
  expect(errors('http://127.0.0.1:4318', { OTEL_EXPORTER_OTLP_HEADERS })).toEqual([]);
  expect(errors('http://collector:4318', { OTEL_EXPORTER_OTLP_HEADERS })).toEqual([
    `OTEL_EXPORTER_OTLP_HEADERS: not sent over http; it is ${settingRows.OTEL_EXPORTER_OTLP_HEADERS[1]}`,
  ]);
});
