import { expect, test } from 'vitest';
import { startHandler } from '../../src/api/runs';
import { whole } from '../run/given';
import { answerTo, testApp } from './given';

function post(headers: Record<string, string>, text = '{}') {
  const { app, hub } = testApp([whole]);
  const call = { method: 'POST', params: { workload: 'hello' }, headers, text } as const;
  return answerTo(startHandler(app), hub, call).then(({ status, body }) => ({
    status,
    body,
    started: hub.started.length,
  }));
}

const LIMIT = 64 * 1024;
/** Two bytes each. */
const tooLong = `{"parameters":{"x":"${'é'.repeat(LIMIT / 2)}"}}`;

test.each([
  ['announces its length', { 'content-length': String(LIMIT + 1) }, '{}'],
  ['announces no length', {}, tooLong],
  ['announces less than it has', { 'content-length': '10' }, tooLong],
])('a body over 64 KiB that %s is refused and starts nothing', async (_, headers, text) => {
  expect(await post(headers as Record<string, string>, text)).toMatchObject({
    status: 413,
    body: { title: 'bodyTooLarge' },
    started: 0,
  });
});

test.each([
  ['is empty', ''],
  ['has 129 characters', 'k'.repeat(129)],
])('an idempotency key that %s is refused and starts nothing', async (_, key) => {
  const answer = await post({ 'idempotency-key': key });

  expect([answer.status, answer.started]).toEqual([400, 0]);
  expect(JSON.stringify(answer.body)).toContain('must have 1 to 128 characters');
});

test('an idempotency key of 128 characters starts a run', async () => {
  expect(await post({ 'idempotency-key': 'k'.repeat(128) })).toMatchObject({
    status: 202,
    started: 1,
  });
});
