import { WebResource, type HttpClient, type HttpOperationResponse } from '@azure/ms-rest-js';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { httpWithClearedTimers } from '../../../src/azure/batch/http';
import { tasks } from './specs';
import { scripted } from './scripted-batch';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a completed request leaves no timer, which would keep its body in memory [PY21]', async () => {
  const line = await scripted([{ status: 200, body: { value: [] } }]);

  await line.batch.addTasks('hello-1', tasks(300));
  await line.close();

  expect([line.asked.length, vi.getTimerCount()]).toEqual([3, 0]);
});

/** Answers when it is told to end, with what it was told. */
const endless: HttpClient = {
  sendRequest: ({ abortSignal }) =>
    new Promise<HttpOperationResponse>((_resolve, reject) => {
      abortSignal?.addEventListener('abort', () => reject(new Error('it was ended')));
    }),
};

test('a request that takes too long is ended', async () => {
  const request = new WebResource('http://127.0.0.1/jobs', 'GET');
  request.timeout = 40_000;
  const told = httpWithClearedTimers(endless).sendRequest(request).catch(String);

  vi.advanceTimersByTime(39_999);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1);
  expect(await told).toBe('Error: it was ended');
});
