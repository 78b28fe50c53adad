import type { DurableClient } from 'durable-functions';
import { expect, test } from 'vitest';
import { findInstance } from '../src/instances';

function clientThatFails(message: string): DurableClient {
  return { getStatus: () => Promise.reject(new Error(message)) } as unknown as DurableClient;
}

test('a run that the engine does not know has no status', async () => {
  const client = clientThatFails(
    'DurableClient error: Durable Functions extension replied with HTTP 404 response. This usually means we could not find any data associated with the instanceId provided: x.',
  );
  expect(await findInstance(client, 'x')).toBeNull();
});

test('an error of the engine does not mean that the run is unknown, since its pool would be deleted [GD40]', async () => {
  const message =
    'The operation failed with an unexpected status code: 500. Details: {"Message":"Status: 404 (the table is being made)"}';
  await expect(findInstance(clientThatFails(message), 'x')).rejects.toThrow('status code: 500');
});
